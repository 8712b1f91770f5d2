import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { runCli, temporaryFolder } from "./testing/run-cli.ts";

/** Names and words as files hold them, in several scripts; some look like HTML. */
interface Words {
  readonly file: string;
  readonly time: string;
  readonly target: string;
  readonly kind: string;
  readonly kinds: readonly string[];
  readonly shop: string;
  readonly shops: readonly [string, string];
}

const SCRIPTS: Readonly<Record<string, Words>> = {
  Chinese: {
    file: "销售.csv",
    time: "日期",
    target: "销量",
    kind: "天气",
    kinds: ["晴天", "下雨"],
    shop: "店铺",
    shops: ["北京", "上海"],
  },
  Arabic: {
    file: "مبيعات.csv",
    time: "تاريخ",
    target: "مبيعات",
    kind: "طقس",
    kinds: ["مشمس", "ماطر"],
    shop: "متجر",
    shops: ["القاهرة", "تونس"],
  },
  Hindi: {
    file: "बिक्री.csv",
    time: "दिनांक",
    target: "बिक्री",
    kind: "मौसम",
    kinds: ["धूप", "वर्षा"],
    shop: "दुकान",
    shops: ["दिल्ली", "मुंबई"],
  },
  Thai: {
    file: "ยอดขาย.csv",
    time: "วันที่",
    target: "ยอดขาย",
    kind: "อากาศ",
    kinds: ["แดดออก", "ฝนตก"],
    shop: "ร้านค้า",
    shops: ["กรุงเทพฯ", "เชียงใหม่"],
  },
  Russian: {
    file: "продажи.csv",
    time: "дата",
    target: "продажи",
    kind: "погода",
    kinds: ["ясно", "дождь"],
    shop: "магазин",
    shops: ["Пермь", "Ёлкино"],
  },
  Greek: {
    file: "πωλήσεις.csv",
    time: "ημέρα",
    target: "πωλήσεις",
    kind: "καιρός",
    kinds: ["ήλιος", "βροχή"],
    shop: "κατάστημα",
    shops: ["Αθήνα", "Χανιά"],
  },
  Korean: {
    file: "판매.csv",
    time: "날짜",
    target: "판매량",
    kind: "날씨",
    kinds: ["맑음", "비"],
    shop: "가게",
    shops: ["서울", "부산"],
  },
  "emoji and HTML": {
    file: "📈.csv",
    time: "📅",
    target: "🍦 <b>sold</b> & 'more'",
    kind: "☀️/🌧️",
    kinds: ["☀️", '<script>alert("🌧️")</script>'],
    shop: "👩🏽‍🍳",
    shops: ['🇫🇷 "A"', "𝕭<br>"],
  },
};

const quoted = (word: string) => `"${word.replaceAll('"', '""')}"`;
const html = (word: string) =>
  word.replace(/[&<>"'`]/g, (sign) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "#39", "`": "#96" }[sign]};`);

/** Two shops, 120 days each, as a spreadsheet writes them: a byte-order mark, quotes, "\r\n". */
function csvOf({ time, target, kind, kinds, shop, shops }: Words): string {
  const rows = shops.flatMap((name, s) =>
    Array.from({ length: 120 }, (_, day) => {
      const value = 50 + 10 * s + 10 * Math.sin((2 * Math.PI * day) / 7) + 2 * Math.sin(day * day * 0.7);
      const date = new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);
      return [date, name, value.toFixed(2), kinds[day % 2] as string].map(quoted).join(",");
    }),
  );
  return `\uFEFF${[[time, shop, target, kind].map(quoted).join(","), ...rows, ""].join("\r\n")}`;
}

test.each(Object.keys(SCRIPTS))("%s names come through look, train, predict and inspect unharmed", async (script) => {
  const words = SCRIPTS[script] as Words;
  const { file, target, kind, kinds, shop, shops } = words;
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, file), csvOf(words));
  const run = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCli(argv, { cwd });
    expect(code, stderr).toBe(0);
    expect(stdout + stderr).not.toMatch(/�|\\u[0-9a-f]{4}|\p{Cs}/iu);
    return stdout;
  };

  const looked = JSON.parse(await run("look", file, "--json")) as { columns: { name: string }[] };
  expect(looked.columns.map(({ name }) => name)).toEqual([words.time, shop, target, kind]);
  expect(await run("look", file)).toContain(kinds[0]);

  const options = ["--target", target, "--horizon", "3", "--covariates", kind, "--series", shop];
  const small = ["--units", "2", "--window", "7", "--epochs", "1"];
  const trained = JSON.parse(await run("train", file, ...options, ...small, "--json")) as { target: string; runDir: string };
  expect(trained.target).toBe(target);
  const report = readFileSync(join(trained.runDir, "report.html"), "utf8");
  for (const word of [target, ...shops, file]) expect(report).toContain(html(word));
  for (const word of [target, ...kinds, ...shops]) if (word !== html(word)) expect(report).not.toContain(word);
  expect(report).not.toMatch(/�|<script|\p{Cs}/u);

  const lines = (await run("predict", trained.runDir, file)).trimEnd().split("\n");
  const bare = lines.map((line) => line.replaceAll('""', '"'));
  for (const name of shops) expect(bare.filter((line) => line.includes(name))).toHaveLength(3);
  const rows = JSON.parse(await run("predict", trained.runDir, file, "--json")) as { rows: { series: string; target: string }[] };
  expect(new Set(rows.rows.map(({ series }) => series))).toEqual(new Set(shops));
  expect(new Set(rows.rows.map((row) => row.target))).toEqual(new Set([target]));

  expect(await run("inspect", trained.runDir)).toContain(`Forecasts ${target}, 3 steps ahead`);
  await run("inspect", trained.runDir, "--on", file, "--html", "inside.html");
  const inside = readFileSync(join(cwd, "inside.html"), "utf8");
  expect(inside).toContain(html(file));
  expect(inside).not.toMatch(/�|<script|\p{Cs}/u);
  expect(await run("runs")).toContain(target);
});

test("a run is named after its target in any script, and no character is cut apart", async () => {
  const cwd = temporaryFolder();
  const names = ["बिक्री दर", "ยอดขาย", `${"销".repeat(39)}𠮷𠮷`];
  const ids: string[] = [];
  for (const name of names) {
    writeFileSync(join(cwd, "data.csv"), csvOf({ ...(SCRIPTS.Chinese as Words), target: name }));
    const argv = ["train", "data.csv", "--target", name, "--horizon", "2", "--series", "店铺", "--units", "2", "--window", "7"];
    const { stdout, stderr } = await runCli([...argv, "--epochs", "1", "--json"], { cwd });
    expect(stderr).not.toContain("�");
    ids.push(basename((JSON.parse(stdout) as { runDir: string }).runDir).slice("2026-11-21-".length));
  }
  expect(ids).toEqual(["बिक्री_दर-2", "ยอดขาย-2", `${"销".repeat(39)}𠮷-2`]);
});

test("a file in another encoding is refused with the way to convert it", async () => {
  const cwd = temporaryFolder();
  const text = csvOf(SCRIPTS.Russian as Words).slice(1);
  const utf16 = Buffer.from(`\uFEFF${text}`, "utf16le");
  writeFileSync(join(cwd, "little.csv"), utf16);
  writeFileSync(join(cwd, "big.csv"), Buffer.from(utf16).swap16());
  writeFileSync(join(cwd, "unmarked.csv"), Buffer.from("a,b\n1,2\n", "utf16le"));
  const cyrillic = Array.from(text, (sign) =>
    sign >= "А" && sign <= "я" ? 0xc0 + sign.charCodeAt(0) - 0x410 : sign.charCodeAt(0),
  );
  writeFileSync(join(cwd, "cp1251.csv"), Uint8Array.from(cyrillic));
  const refused = {
    "little.csv": /little\.csv is UTF-16.*iconv -f utf-16/,
    "big.csv": /big\.csv is UTF-16.*iconv -f utf-16/,
    "unmarked.csv": /line 1: a NUL byte.*UTF-16/,
    "cp1251.csv": /line 1: these bytes are not UTF-8.*for Russian windows-1251/,
  };
  for (const [file, message] of Object.entries(refused)) {
    const { code, stdout, stderr } = await runCli(["look", file], { cwd });
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(message);
  }
});
