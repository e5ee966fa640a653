// The row step of docs/model.md 3.1 in f32, one workgroup a row. In front stand, as constants: D; GROUP, the threads
// of a workgroup, at least D; SHIFTED, whether readers have content effects.

const K = D - 1u;
const PACKED = D * (D + 1u) / 2u;
// Numbers of a posterior: mean, then the packed lower triangle of the covariance.
const WORDS = D + PACKED;
// Entries of the triangle of a thread: t, t + GROUP, ...
const OWN = (PACKED + GROUP - 1u) / GROUP;
// Ratings whose partners are read at once, and summed before the sum is added to the others: a fixed number, so that
// the reading of all is under way together. What a row lacks of it weighs nothing.
const TILE = 8u;
// Line of the matrix; odd, so that a column lies in different banks.
const LINE = D | 1u;

struct Row {
  n: u32,
  first: u32,
  count: u32,
  // E[tau] E[alpha]
  scale: f32,
}

struct Place {
  partner: u32,
  // noise factor of the partner
  weight: f32,
  // r - mu, less E[a] where SHIFTED
  rest: f32,
  // Var(a) where SHIFTED
  variance: f32,
}

@group(0) @binding(0) var<storage, read> rows: array<Row>;
// E[Lambda], then the prior mean of each of the rows
@group(0) @binding(1) var<storage, read> prior: array<f32>;
@group(0) @binding(2) var<storage, read> places: array<Place>;
// Cov(p, a) of each place, K numbers, where SHIFTED
@group(0) @binding(3) var<storage, read> ties: array<f32>;
@group(0) @binding(4) var<storage, read> partners: array<f32>;
@group(0) @binding(5) var<storage, read_write> own: array<f32>;
// by row: expected squares, ln det of the precision, first pivot that is not positive or D, nothing
@group(0) @binding(6) var<storage, read_write> results: array<vec4f>;

var<workgroup> tile: array<Place, TILE>;
// (1, p) of the tile
var<workgroup> psi: array<f32, TILE * D>;
// The precision; then its Cholesky factor L below the diagonal, and column c of the inverse of L in line c above it.
var<workgroup> matrix: array<f32, D * LINE>;
// 1 / L_jj
var<workgroup> roots: array<f32, D>;
var<workgroup> linear: array<f32, D>;
var<workgroup> solved: array<f32, D>;
var<workgroup> mean: array<f32, D>;
var<workgroup> shares: array<f32, GROUP>;

// Row of entry e of a packed triangle.
fn lineOf(e: u32) -> u32 {
  var a = u32((sqrt(8.0 * f32(e) + 1.0) - 1.0) / 2.0);
  if (a * (a + 1u) / 2u > e) { a -= 1u; }
  if ((a + 1u) * (a + 2u) / 2u <= e) { a += 1u; }
  return a;
}

@compute @workgroup_size(GROUP)
fn step(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let row = rows[group.x];
  var lines = array<u32, OWN>();
  var columns = array<u32, OWN>();
  for (var i = 0u; i < OWN; i++) {
    let e = t + i * GROUP;
    lines[i] = lineOf(e);
    columns[i] = e - lines[i] * (lines[i] + 1u) / 2u;
  }

  // Sums over the ratings, weighted: E[psi psi^T], (r - mu) psi - Cov(p, a), and E[(r - mu - a)^2] in thread 0.
  var sums = array<f32, OWN>();
  var rights = 0.0;
  var squares = 0.0;
  for (var base = 0u; base < row.count; base += TILE) {
    workgroupBarrier();
    if (t < TILE) {
      var place = places[row.first + min(base + t, row.count - 1u)];
      if (base + t >= row.count) { place.weight = 0.0; }
      if (!SHIFTED) {
        place.rest -= partners[place.partner * WORDS];
        place.variance = partners[place.partner * WORDS + D];
      }
      tile[t] = place;
    }
    for (var x = t; x < TILE * D; x += GROUP) {
      let a = x % D;
      let at = row.first + min(base + x / D, row.count - 1u);
      let p = partners[places[at].partner * WORDS + a];
      psi[x] = select(p, 1.0, a == 0u);
    }
    workgroupBarrier();
    // by hand: without it SwiftShader sets them to zero once
    var parts = array<f32, OWN>();
    var right = 0.0;
    var square = 0.0;
    for (var k = 0u; k < TILE; k++) {
      let place = tile[k];
      let cov = place.partner * WORDS + D;
      let line = k * D;
      for (var i = 0u; i < OWN; i++) {
        let e = t + i * GROUP;
        if (e < PACKED) {
          let own = select(partners[cov + e], 0.0, columns[i] == 0u);
          parts[i] += place.weight * (psi[line + lines[i]] * psi[line + columns[i]] + own);
        }
      }
      if (t < D) {
        var tie = 0.0;
        if (t > 0u) {
          if (SHIFTED) { tie = ties[(row.first + min(base + k, row.count - 1u)) * K + t - 1u]; }
          else { tie = partners[cov + t * (t + 1u) / 2u]; }
        }
        right += place.weight * (place.rest * psi[line + t] - tie);
      }
      if (t == 0u) { square += place.weight * (place.rest * place.rest + place.variance); }
    }
    for (var i = 0u; i < OWN; i++) { sums[i] += parts[i]; }
    rights += right;
    squares += square;
  }

  for (var i = 0u; i < OWN; i++) {
    let e = t + i * GROUP;
    if (e < PACKED) {
      let a = lines[i];
      let b = columns[i];
      matrix[a * LINE + b] = prior[a * D + b] + row.scale * sums[i];
    }
  }
  if (t < D) {
    var right = row.scale * rights;
    for (var b = 0u; b < D; b++) { right += prior[t * D + b] * prior[D * D + group.x * D + b]; }
    linear[t] = right;
  }
  workgroupBarrier();

  var failed = D;
  var logDet = 0.0;
  for (var j = 0u; j < D; j++) {
    let i = j + t;
    var entry = 0.0;
    if (i < D) {
      entry = matrix[i * LINE + j];
      for (var k = 0u; k < j; k++) { entry -= matrix[i * LINE + k] * matrix[j * LINE + k]; }
      if (t == 0u) {
        if (!(entry > 0.0) && failed == D) { failed = j; }
        logDet += log(entry);
        roots[j] = 1.0 / sqrt(entry);
      }
    }
    workgroupBarrier();
    if (i < D && t > 0u) { matrix[i * LINE + j] = entry * roots[j]; }
    workgroupBarrier();
  }

  if (t < D) {
    for (var i = t + 1u; i < D; i++) {
      var entry = matrix[i * LINE + t] * roots[t];
      for (var k = t + 1u; k < i; k++) { entry += matrix[i * LINE + k] * matrix[t * LINE + k]; }
      matrix[t * LINE + i] = -entry * roots[i];
    }
  }
  workgroupBarrier();
  if (t < D) {
    var y = roots[t] * linear[t];
    for (var c = 0u; c < t; c++) { y += matrix[c * LINE + t] * linear[c]; }
    solved[t] = y;
  }
  workgroupBarrier();
  if (t < D) {
    var m = roots[t] * solved[t];
    for (var k = t + 1u; k < D; k++) { m += matrix[t * LINE + k] * solved[k]; }
    mean[t] = m;
    own[row.n * WORDS + t] = m;
  }
  workgroupBarrier();

  // E[(r - mu - f)^2] from the same sums.
  var share = select(0.0, squares, t == 0u);
  if (t < D) { share -= 2.0 * mean[t] * rights; }
  for (var i = 0u; i < OWN; i++) {
    let e = t + i * GROUP;
    if (e < PACKED) {
      let a = lines[i];
      let b = columns[i];
      var cov = roots[a] * roots[a];
      if (a != b) { cov = roots[a] * matrix[b * LINE + a]; }
      for (var k = a + 1u; k < D; k++) { cov += matrix[a * LINE + k] * matrix[b * LINE + k]; }
      own[row.n * WORDS + D + e] = cov;
      share += select(2.0, 1.0, a == b) * sums[i] * (cov + mean[a] * mean[b]);
    }
  }
  shares[t] = share;
  for (var half = GROUP / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (t < half) { shares[t] += shares[t + half]; }
  }
  if (t == 0u) { results[group.x] = vec4f(shares[0], logDet, f32(failed), 0.0); }
}
