/** Text made safe for HTML, both between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return visible(text.replace(/[&<>"'`]/g, (sign) => ENTITIES[sign] ?? sign));
}

/** The same text with "�" for what a reader cannot see: control characters, lone surrogates, marks that turn the direction of text. */
export function visible(text: string): string {
  return text.replace(UNSEEN, "�");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

const UNSEEN = /(?![\t\n\r])\p{Cc}|\p{Cs}|[\u202a-\u202e\u2066-\u2069]/gu;

/** A column of an HTML table. */
export interface HtmlColumn {
  title: string;
  numeric?: boolean;
}

/** A table with a caption, column heads and row heads; every cell is escaped. Rows may carry a class. */
export function htmlTable(
  caption: string,
  columns: readonly HtmlColumn[],
  rows: readonly { cells: readonly string[]; emphasis?: boolean }[],
): string {
  const numeric = (c: number) => (columns[c]?.numeric ? ' class="number"' : "");
  const head = columns.map(({ title }, c) => `<th scope="col"${numeric(c)}>${escapeHtml(title)}</th>`).join("");
  const body = rows
    .map(({ cells, emphasis }) => {
      const tags = cells.map((cell, c) =>
        c === 0 ? `<th scope="row"${numeric(0)}>${escapeHtml(cell)}</th>` : `<td${numeric(c)}>${escapeHtml(cell)}</td>`,
      );
      return `<tr${emphasis ? ' class="emphasis"' : ""}>${tags.join("")}</tr>`;
    })
    .join("\n");
  return scrollable(
    caption,
    `<table><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`,
  );
}

/** Content that scrolls sideways on a narrow page, reachable by keyboard. */
function scrollable(label: string, content: string): string {
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(label)}">${content}</div>`;
}

/** A chart with its title, the finding in one sentence, the picture, and the numbers as a table to unfold. */
export function figure({ title, finding, svg, table }: { title: string; finding: string; svg: string; table: string }): string {
  return `<figure><figcaption><h3>${escapeHtml(title)}</h3><p>${escapeHtml(finding)}</p></figcaption>
${scrollable(`${title}: chart`, svg)}
<details><summary>Table of ${escapeHtml(title.charAt(0).toLowerCase() + title.slice(1))}</summary>${table}</details></figure>`;
}
