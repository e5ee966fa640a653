const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Values of the chart merged as Helm does: objects by key, everything else replaced. */
export function merge(base: object, over: object): object {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const old = result[key];
    result[key] = isRecord(old) && isRecord(value) ? merge(old, value) : value;
  }
  return result;
}
