import { dense, embedding, loadModel, lstm, type Model, modelMetadata, saveModel, sequential } from "sluice";
import { expect, test } from "vitest";
import type { TextUnit } from "./segments.ts";
import { textWindows } from "./text-windows.ts";
import { decodeText, encodeText, fitVocabulary, type Vocabulary, vocabularySize } from "./vocabulary.ts";

/** Short texts of every kind of script: ideographs, right to left, joined marks, no spaces, alphabets, syllable blocks, emoji of several code points. */
const TEXTS: Readonly<Record<string, { readonly text: string; readonly by: TextUnit }>> = {
  "Chinese by character": { text: "春天来了，河水慢慢流过小桥。孩子们在岸边放风筝。", by: "character" },
  "Chinese by word": { text: "我们今天去北京大学看朋友，明天再去上海。", by: "word" },
  "Arabic by character": { text: "في الصباح يشرب جدي القهوة، ثم يقرأ الصحيفة.", by: "character" },
  "Hindi by character": { text: "बारिश के बाद मिट्टी की खुशबू पूरे गाँव में फैल गई।", by: "character" },
  "Hindi by code point": { text: "नदी के किनारे एक पुराना पेड़ है।", by: "codePoint" },
  "Thai by word": { text: "เช้านี้ฝนตกหนักมาก เราจึงดื่มชาอยู่ที่บ้าน", by: "word" },
  "Russian by character": { text: "Тихая река несёт лодку к дальнему берегу.", by: "character" },
  "Greek by character": { text: "Η θάλασσα είναι ήσυχη και ο ήλιος δύει αργά.", by: "character" },
  "Korean by character": { text: "가을 하늘은 높고 바람은 시원하다.", by: "character" },
  "Hebrew, English and numbers by character": { text: "שלום world, היום 21 במאי!", by: "character" },
  "emoji by character": { text: "👩‍🚀 went up 🚀, came down 🪂🏽‍♀️ and 👨‍👩‍👧‍👦 waved 🇮🇳🇧🇷👋🏿!", by: "character" },
};

function network(size: number): Model {
  const layers = [
    embedding({ inputDim: size, outputDim: 16, inputShape: [null] }),
    lstm({ units: 48, returnSequences: true }),
    dense({ units: size, activation: "softmax" }),
  ];
  const optimizer = { type: "adam", learningRate: 0.02, globalClipNorm: 1 } as const;
  return sequential(layers, { seed: 3 }).compile({ optimizer, loss: "sparseCategoricalCrossentropy" });
}

/** Goes on from the first token of the text, always with the likeliest one. */
function written(model: Model, vocabulary: Vocabulary, ids: Int32Array): string {
  const stream = model.stream();
  const all = [ids[0] as number];
  while (all.length < ids.length) {
    const next = stream.push([all.at(-1) as number]);
    all.push(next.indexOf(Math.max(...next)));
  }
  return decodeText(vocabulary, all);
}

test.each(Object.keys(TEXTS))("%s: learned by heart, written again, saved, loaded and written again", async (name) => {
  const { text, by } = TEXTS[name] as { text: string; by: TextUnit };
  const { vocabulary } = fitVocabulary(text, { by });
  const { ids, notes } = encodeText(vocabulary, text);
  expect(notes).toEqual([]);
  expect(ids.length).toBeGreaterThan(8);
  const model = network(vocabularySize(vocabulary));
  await model.fit(textWindows({ ids, windowLength: ids.length - 1 }), { epochs: 120 });
  expect(written(model, vocabulary, ids)).toBe(text);

  const file = await saveModel(model, { metadata: { vocabulary: JSON.stringify(vocabulary) } });
  const kept = JSON.parse(modelMetadata(file).vocabulary as string) as Vocabulary;
  expect(kept).toEqual(vocabulary);
  expect(written(await loadModel(file), kept, ids)).toBe(text);
});
