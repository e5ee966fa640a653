export { covariances, familySums, timesRows } from './covariances';
export { factorize, invert } from './dense-kernel';
