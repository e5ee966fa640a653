export { covariances, familySums, timesRows } from './covariances';
export { factorize, invert, solve } from './dense-kernel';
