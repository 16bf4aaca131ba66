// Pearson's chi-square: whether counts fit exact probabilities.

/** The statistic over what can come, and its degrees of freedom. Infinite where something came that cannot. */
export function chiSquare(
  found: ReadonlyMap<number, number>,
  chances: ReadonlyMap<number, number>,
): { statistic: number; degrees: number } {
  const total = [...found.values()].reduce((sum, count) => sum + count, 0)
  let statistic = [...found].some(([id, count]) => count > 0 && (chances.get(id) ?? 0) === 0) ? Infinity : 0
  let degrees = -1
  for (const [id, chance] of chances) {
    if (chance === 0) continue
    degrees += 1
    statistic += ((found.get(id) ?? 0) - total * chance) ** 2 / (total * chance)
  }
  return { statistic, degrees }
}

/** The value that chi-square with so many degrees passes once in 10,000 times (Wilson and Hilferty's form). */
export function critical(degrees: number): number {
  const normal = 3.719
  return degrees * (1 - 2 / (9 * degrees) + normal * Math.sqrt(2 / (9 * degrees))) ** 3
}
