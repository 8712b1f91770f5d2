import { escapeHtml } from "../html.ts";
import { REPORT_CSS } from "./style.ts";

/** A whole HTML file: no script, nothing from the network. Title and lead are escaped, `content` is HTML. */
export function reportPage(title: string, lead: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${REPORT_CSS}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(lead)}</p>
${content}
</main>
</body>
</html>
`;
}
