import { packedSize } from './cholesky.ts';
import { gammaKl, gammaMean, gammaMeanLn } from './gamma.ts';
import type { Gamma } from './gamma.ts';
import { labelMembers } from './label-space.ts';
import type { LabelMembers, LabelSpace } from './label-space.ts';
import { sharedFloats } from './shared-array.ts';
import { wishart, wishartKl } from './wishart.ts';
import type { Wishart } from './wishart.ts';

/** Hyper-prior of the ridges: broad, with its mean at 10. */
const RIDGE_PRIOR: Gamma = { shape: 1, rate: 0.1 };
/**
 * Precision that every prior starts from, times the identity: weak, since a strong one shuts down every factor whose
 * singular value is below it times the noise variance, and hyper-parameters never bring one back.
 */
const START_PRECISION = 1;

/** The posteriors of one side that a prior is learned from. */
export interface SidePosteriors {
  /** N x D row-major means, N x D(D+1)/2 packed covariances. */
  readonly mean: Float64Array;
  readonly cov: Float64Array;
  /** 1 where the entity has ratings; the others add nothing to what is known of the prior. */
  readonly active: Uint8Array;
}

/**
 * Prior of one side: z_n ~ N(a_0 + sum of the effects of n's labels, Lambda^-1), Lambda ~ Wishart,
 * effects a_gd ~ N(0, 1 / gamma) with one ridge gamma for each family and dimension (docs/model.md 3.2 and 3.6).
 * q(a_gd) are independent Gaussians; the intercept a_0 is a point.
 */
export class SidePrior {
  readonly dim: number;
  readonly space: LabelSpace;
  /** Prior means of all entities, N x D row-major. */
  readonly mean: Float64Array;
  /** Intercept, D. */
  readonly intercept: Float64Array;
  /** Effects of the labels, G x D: mean and variance. */
  readonly effect: Float64Array;
  readonly effectVar: Float64Array;
  /** Ridges, families x D. */
  readonly ridge: Gamma[];
  precision: Wishart;
  /** Variances of the effects once their members may move with them, G x D: see `freeRidges`. */
  private readonly freeVar: Float64Array;
  private readonly members: LabelMembers;
  private readonly hyper: Wishart;

  constructor(space: LabelSpace, dim: number) {
    const labels = space.familyOf.length;
    this.dim = dim;
    this.space = space;
    this.members = labelMembers(space);
    this.mean = sharedFloats(space.entities * dim);
    this.intercept = new Float64Array(dim);
    this.effect = new Float64Array(labels * dim);
    this.effectVar = new Float64Array(labels * dim);
    this.ridge = Array.from({ length: space.families.length * dim }, () => ({ ...RIDGE_PRIOR }));
    for (let g = 0; g < labels; g++) {
      for (let d = 0; d < dim; d++) this.effectVar[g * dim + d] = 1 / gammaMean(this.ridgeOf(g, d));
    }
    this.freeVar = this.effectVar.slice();
    this.hyper = wishart(dim, dim, scaledIdentity(dim, 0.1 * dim));
    this.precision = wishart(dim, dim, scaledIdentity(dim, dim / START_PRECISION));
  }

  private ridgeOf(g: number, d: number): Gamma {
    return this.ridge[this.space.familyOf[g] * this.dim + d];
  }

  /** One pass of coordinate ascent over intercept, effects, ridges and precision. */
  update(side: SidePosteriors): void {
    const { dim, mean } = this;
    const entities = this.space.entities;
    // `residual` is m_n - prior mean; the prior means are rebuilt from it at the end
    const residual = new Float64Array(entities * dim);
    for (let i = 0; i < residual.length; i++) residual[i] = side.mean[i] - mean[i];
    this.updateIntercept(side, residual);
    for (let g = 0; g < this.space.familyOf.length; g++) this.updateEffect(g, side, residual);
    this.updateRidges(this.effectVar);
    this.rebuildMeans();
    this.updatePrecision(side);
  }

  private updateIntercept(side: SidePosteriors, residual: Float64Array): void {
    const { dim } = this;
    const shift = new Float64Array(dim);
    let active = 0;
    for (let n = 0; n < this.space.entities; n++) {
      if (side.active[n] === 0) continue;
      active++;
      for (let d = 0; d < dim; d++) shift[d] += residual[n * dim + d];
    }
    if (active === 0) return;
    for (let d = 0; d < dim; d++) {
      shift[d] /= active;
      this.intercept[d] += shift[d];
    }
    for (let i = 0; i < residual.length; i++) residual[i] -= shift[i % dim];
  }

  /** q(a_gd) for all d in turn; takes the change out of the members' residuals. */
  private updateEffect(g: number, side: SidePosteriors, residual: Float64Array): void {
    const { dim, members, effect } = this;
    const lambda = this.precision.mean;
    const from = members.start[g];
    const to = members.start[g + 1];
    // sum over active members of w (Lambda residual) and of w^2
    const pull = new Float64Array(dim);
    // sum of w^2 Lambda (1 - Lambda S): what members say of the effect whose own posteriors follow it
    const known = new Float64Array(dim);
    let squares = 0;
    for (let l = from; l < to; l++) {
      const n = members.entity[l];
      if (side.active[n] === 0) continue;
      squares += members.weight[l] * members.weight[l];
      for (let d = 0, t = n * packedSize(dim); d < dim; t += ++d + 1) {
        const own = lambda[d * dim + d];
        known[d] += members.weight[l] ** 2 * own * Math.max(0, 1 - own * side.cov[t]);
      }
      for (let d = 0; d < dim; d++) pull[d] += members.weight[l] * residual[n * dim + d];
    }
    const change = new Float64Array(dim);
    for (let d = 0; d < dim; d++) {
      const ridge = gammaMean(this.ridgeOf(g, d));
      const own = lambda[d * dim + d] * squares;
      let sum = own * effect[g * dim + d];
      for (let e = 0; e < dim; e++) sum += lambda[d * dim + e] * (pull[e] - squares * change[e]);
      this.effectVar[g * dim + d] = 1 / (own + ridge);
      this.freeVar[g * dim + d] = 1 / (known[d] + ridge);
      const next = sum / (own + ridge);
      change[d] = next - effect[g * dim + d];
      effect[g * dim + d] = next;
    }
    for (let l = from; l < to; l++) {
      const n = members.entity[l];
      for (let d = 0; d < dim; d++) residual[n * dim + d] -= members.weight[l] * change[d];
    }
  }

  /**
   * Ridges from the variances that the effects of the last `update` have with their members integrated out. The bound takes
   * the members as known, so that its ridges rise until the effects of small families are gone (docs/model.md 3.6).
   */
  freeRidges(): void {
    this.updateRidges(this.freeVar);
  }

  private updateRidges(variance: Float64Array): void {
    const { dim, space } = this;
    for (let f = 0; f < space.families.length; f++) {
      const labels = space.familyStart[f + 1] - space.familyStart[f];
      for (let d = 0; d < dim; d++) {
        let squares = 0;
        for (let g = space.familyStart[f]; g < space.familyStart[f + 1]; g++) {
          squares += this.effect[g * dim + d] ** 2 + variance[g * dim + d];
        }
        this.ridge[f * dim + d] = {
          shape: RIDGE_PRIOR.shape + labels / 2,
          rate: RIDGE_PRIOR.rate + squares / 2,
        };
      }
    }
  }

  /** Prior means of all entities from intercept and effects. */
  rebuildMeans(): void {
    const { dim, space, mean } = this;
    for (let n = 0; n < space.entities; n++) {
      this.meanOf(space.label, space.weight, space.start[n], space.start[n + 1], mean, n * dim);
    }
  }

  /** Prior mean of an entity with the given labels, written to `out[at .. at + D)`. */
  // eslint-disable-next-line max-params -- kernel: an object for each entity would be garbage
  meanOf(
    label: ArrayLike<number>,
    weight: ArrayLike<number>,
    from: number,
    to: number,
    out: Float64Array,
    at: number,
  ): void {
    for (let d = 0; d < this.dim; d++) {
      let sum = this.intercept[d];
      for (let l = from; l < to; l++) sum += weight[l] * this.effect[label[l] * this.dim + d];
      out[at + d] = sum;
    }
  }

  /** Var of the effects summed over entity n's labels, dimension d. */
  private meanVar(n: number, d: number): number {
    const { space, dim } = this;
    let sum = 0;
    for (let l = space.start[n]; l < space.start[n + 1]; l++) {
      sum += space.weight[l] * space.weight[l] * this.effectVar[space.label[l] * dim + d];
    }
    return sum;
  }

  /** Adds E[(z_n - prior mean)(...)^T] of every active entity to `out` (D x D, lower triangle); returns their number. */
  private addScatter(side: SidePosteriors, out: Float64Array): number {
    const { dim, space, mean } = this;
    const packed = packedSize(dim);
    let active = 0;
    for (let n = 0; n < space.entities; n++) {
      if (side.active[n] === 0) continue;
      active++;
      for (let a = 0, t = n * packed; a < dim; a++) {
        const ra = side.mean[n * dim + a] - mean[n * dim + a];
        out[a * dim + a] += this.meanVar(n, a);
        for (let b = 0; b <= a; b++, t++) {
          out[a * dim + b] += ra * (side.mean[n * dim + b] - mean[n * dim + b]) + side.cov[t];
        }
      }
    }
    return active;
  }

  private updatePrecision(side: SidePosteriors): void {
    const { dim, hyper } = this;
    const scatter = hyper.inverseScale.slice();
    const active = this.addScatter(side, scatter);
    for (let a = 0; a < dim; a++)
      for (let b = 0; b < a; b++) scatter[b * dim + a] = scatter[a * dim + b];
    this.precision = wishart(dim, hyper.dof + active, scatter);
  }

  /** KL of effects, ridges and precision from their priors: this side's hyper-parameters' part of the ELBO. */
  kl(): number {
    const { dim, space } = this;
    let sum = wishartKl(this.precision, this.hyper);
    for (let f = 0; f < space.families.length; f++) {
      for (let d = 0; d < dim; d++) {
        const ridge = this.ridge[f * dim + d];
        sum += gammaKl(ridge, RIDGE_PRIOR);
        const [mean, meanLn] = [gammaMean(ridge), gammaMeanLn(ridge)];
        for (let g = space.familyStart[f]; g < space.familyStart[f + 1]; g++) {
          const variance = this.effectVar[g * dim + d];
          sum +=
            0.5 *
            (mean * (this.effect[g * dim + d] ** 2 + variance) - 1 - meanLn - Math.log(variance));
        }
      }
    }
    return sum;
  }

  /** Sum over active entities of E[-ln p(z_n)] - D/2 ln 2 pi: the cross entropy of posteriors and prior. */
  crossEntropy(side: SidePosteriors): number {
    const { dim } = this;
    const scatter = new Float64Array(dim * dim);
    const active = this.addScatter(side, scatter);
    let trace = 0;
    for (let a = 0; a < dim; a++) {
      for (let b = 0; b <= a; b++) {
        trace += (a === b ? 1 : 2) * scatter[a * dim + b] * this.precision.mean[a * dim + b];
      }
    }
    return 0.5 * (trace - active * this.precision.meanLogDet);
  }
}

function scaledIdentity(dim: number, scale: number): Float64Array {
  const out = new Float64Array(dim * dim);
  for (let d = 0; d < dim; d++) out[d * dim + d] = scale;
  return out;
}
