/**
 * How well a text answers what was typed, whose letters it has in this order; null: it does not.
 *
 * Higher is better: letters in a row and at the beginnings of words count more, a long way to the first one less.
 */
export function fuzzy(typed: string, text: string): number | null {
  const [letters, within] = [typed.toLowerCase().replace(/\s+/g, ""), text.toLowerCase()];
  const whole = within.indexOf(typed.trim().toLowerCase());
  if (whole >= 0) return 1_000 - whole - within.length / 100 + (isStart(within, whole) ? 500 : 0);
  let [score, last] = [0, -1];
  for (const letter of letters) {
    const at = within.indexOf(letter, last + 1);
    if (at < 0) return null;
    score += at === last + 1 ? 5 : isStart(within, at) ? 4 : 1 - Math.min(1, (at - last) / 20);
    last = at;
  }
  return score;
}

function isStart(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(text.charAt(at - 1));
}
