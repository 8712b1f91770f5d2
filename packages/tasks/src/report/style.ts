import { paletteCss } from "../charts/palette.ts";

/** The report's style sheet: one column, system fonts, light or dark as the reader prefers, legible at 320 px and on paper. */
export const REPORT_CSS: string = `${paletteCss()}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 4rem;background:var(--chart-surface);color:var(--chart-ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:break-word}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.3rem;margin:3rem 0 .75rem;padding-top:.5rem;border-top:1px solid var(--chart-grid)}
h3{font-size:1.05rem;margin:0}
.lead{color:var(--chart-muted);margin:0 0 1.5rem}
.verdict{border-left:.35rem solid var(--chart-blue);padding:.25rem 0 .25rem 1.1rem;margin:1.5rem 0;font-size:1.1rem}
.verdict.baseline,.verdict.level{border-color:var(--chart-orange)}
.verdict.unknown{border-color:var(--chart-grey)}
.verdict p{margin:.4rem 0}
.verdict p:first-of-type{font-weight:650}
.warning{border:2px solid var(--chart-orange);border-radius:.4rem;padding:.6rem 1rem;margin:1rem 0}
figure{margin:1.5rem 0 2.5rem}
figcaption p{margin:.2rem 0 .8rem;color:var(--chart-muted)}
.scroll{overflow-x:auto}
.scroll:focus-visible,summary:focus-visible,a:focus-visible{outline:3px solid var(--chart-blue);outline-offset:2px}
svg{display:block;width:100%;min-width:40rem;height:auto}
table{border-collapse:collapse;width:100%;font-size:.93rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--chart-muted);padding:.3rem 0}
th,td{padding:.35rem .7rem .35rem 0;text-align:left;border-bottom:1px solid var(--chart-grid);vertical-align:top}
thead th{vertical-align:bottom;border-bottom:2px solid var(--chart-muted)}
tbody th{font-weight:500}
.number{text-align:right}
td.number{white-space:nowrap}
.emphasis th,.emphasis td{font-weight:700}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--chart-blue);padding:.25rem 0;min-height:1.5rem}
pre{background:color-mix(in srgb,var(--chart-grid) 35%,transparent);padding:.8rem 1rem;border-radius:.4rem;overflow-x:auto;font-size:.9rem}
code{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.2rem 1.2rem;margin:.5rem 0}
dt{color:var(--chart-muted)}
dd{margin:0;min-width:0;overflow-wrap:anywhere}
@media (max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
@media print{details>*{display:block}body{max-width:none}}
@media (forced-colors:active){svg{forced-color-adjust:none;background:#fff}}`;
