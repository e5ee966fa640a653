/** Returns `array` if it holds `length` numbers, else a longer copy (at least doubled). */
export function grown(array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer>;
export function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer>;
export function grown(
  array: Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>,
  length: number,
): Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  if (array.length >= length) return array;
  const capacity = Math.max(length, 2 * array.length);
  const longer =
    array instanceof Float64Array ? new Float64Array(capacity) : new Int32Array(capacity);
  longer.set(array);
  return longer;
}
