import { ValueError } from "../../../errors.ts";

/**
 * What a formula such as "4(IH + H²) − H/heads" comes to. What stands side by side is multiplied; names of several letters are in
 * lower case; ⌈ ⌉ rounds up. Null where it has a name without a size: then it is said in words.
 * @throws {ValueError} when it is no formula.
 */
export function evaluated(formula: string, sizes: Readonly<Record<string, number>>): number | null {
  const tokens = formula.match(/\d+|[a-z]{2,}|[A-Za-z]|[^\s\w]/g) ?? [];
  if (tokens.some((token) => /[A-Za-z]/.test(token) && !Object.hasOwn(sizes, token))) return null;
  let at = 0;
  const isNext = (...marks: readonly string[]): boolean => marks.includes(tokens[at] ?? "");
  const refuse = (): never => {
    throw new ValueError(`Cannot work out the formula "${formula}": it does not go on with "${tokens[at] ?? "its end"}".`);
  };

  const atom = (): number => {
    const token = tokens[at++] ?? refuse();
    if (token === "(" || token === "⌈") {
      const inside = sum();
      if (tokens[at++] !== (token === "(" ? ")" : "⌉")) refuse();
      return token === "(" ? inside : Math.ceil(inside);
    }
    return /\d/.test(token) ? Number(token) : (sizes[token] ?? refuse());
  };
  const power = (): number => {
    const base = atom();
    if (!isNext("²")) return base;
    at++;
    return base ** 2;
  };
  const product = (): number => {
    let value = power();
    while (at < tokens.length && !isNext("+", "−", ")", "⌉")) {
      const divides = isNext("/");
      if (divides || isNext("·")) at++;
      value = divides ? value / power() : value * power();
    }
    return value;
  };
  function sum(): number {
    let value = product();
    while (isNext("+", "−")) value += tokens[at++] === "+" ? product() : -product();
    return value;
  }

  const value = sum();
  return at === tokens.length ? value : refuse();
}
