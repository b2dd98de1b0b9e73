import type { Figure } from './figure.ts'

/** No figure is called so. Its message says which ones there are. */
export class UnknownFigure extends Error {
  override readonly name = 'UnknownFigure'
}

/** The figures whose names are given or begin so; without names all. Their order stays. */
export function selectFigures(figures: readonly Figure[], names: readonly string[]): readonly Figure[] {
  for (const name of names) {
    if (figures.some(figure => figure.name.startsWith(name))) continue
    const known = figures.map(figure => figure.name).join(', ')
    throw new UnknownFigure(`--only: found ${name}; accepted: the name of a figure or its beginning: ${known}`)
  }
  if (names.length === 0) return figures
  return figures.filter(figure => names.some(name => figure.name.startsWith(name)))
}
