import type { HostArray } from "../backend.ts";
import type { UpdateRule } from "../kernels.ts";

/** One optimizer step over p [n] with gradient g [n], in place. */
type Update = (p: HostArray, g: HostArray, slots: readonly HostArray[], hyper: readonly number[]) => void;

/** The equations stand at `UpdateRule`, papers and defaults in `optimizers/`. */
export const UPDATES: Readonly<Record<UpdateRule, Update>> = {
  sgd(p, g, _, hyper) {
    const [lr] = hyper as [number];
    for (let i = 0; i < p.length; i++) p[i]! -= lr * g[i]!;
  },

  momentum(p, g, slots, hyper) {
    const [v] = slots as [HostArray];
    const [lr, m, nesterov] = hyper as [number, number, number];
    for (let i = 0; i < p.length; i++) {
      v[i] = m * v[i]! - lr * g[i]!;
      p[i]! += nesterov ? m * v[i]! - lr * g[i]! : v[i]!;
    }
  },

  rmsprop(p, g, slots, hyper) {
    const [s, v, a] = slots as [HostArray, HostArray, HostArray];
    const [lr, rho, epsilon, m, centered] = hyper as [number, number, number, number, number];
    for (let i = 0; i < p.length; i++) {
      s[i] = rho * s[i]! + (1 - rho) * g[i]! ** 2;
      if (centered) a[i] = rho * a[i]! + (1 - rho) * g[i]!;
      const denominator = centered ? s[i]! - a[i]! ** 2 : s[i]!;
      const step = (lr * g[i]!) / Math.sqrt(denominator + epsilon);
      if (m > 0) v[i] = m * v[i]! + step;
      p[i]! -= m > 0 ? v[i]! : step;
    }
  },

  adam(p, g, slots, hyper) {
    const [m, v] = slots as [HostArray, HostArray];
    const [lr, beta1, beta2, epsilon, decay] = hyper as [number, number, number, number, number];
    for (let i = 0; i < p.length; i++) {
      p[i]! -= decay * p[i]!;
      m[i]! += (g[i]! - m[i]!) * (1 - beta1);
      v[i]! += (g[i]! ** 2 - v[i]!) * (1 - beta2);
      p[i]! -= (lr * m[i]!) / (Math.sqrt(v[i]!) + epsilon);
    }
  },

  nadam(p, g, slots, hyper) {
    const [m, v] = slots as [HostArray, HostArray];
    const [lr, beta1, beta2, epsilon, cM, cG, vCorrection] = hyper as [number, number, number, number, number, number, number];
    for (let i = 0; i < p.length; i++) {
      m[i]! += (g[i]! - m[i]!) * (1 - beta1);
      v[i]! += (g[i]! ** 2 - v[i]!) * (1 - beta2);
      p[i]! -= (lr * (cM * m[i]! + cG * g[i]!)) / (Math.sqrt(v[i]! * vCorrection) + epsilon);
    }
  },

  adagrad(p, g, slots, hyper) {
    const [a] = slots as [HostArray];
    const [lr, epsilon] = hyper as [number, number];
    for (let i = 0; i < p.length; i++) {
      a[i]! += g[i]! ** 2;
      p[i]! -= (lr * g[i]!) / Math.sqrt(a[i]! + epsilon);
    }
  },

  adadelta(p, g, slots, hyper) {
    const [a, d] = slots as [HostArray, HostArray];
    const [lr, rho, epsilon] = hyper as [number, number, number];
    for (let i = 0; i < p.length; i++) {
      a[i] = rho * a[i]! + (1 - rho) * g[i]! ** 2;
      const step = (g[i]! * Math.sqrt(d[i]! + epsilon)) / Math.sqrt(a[i]! + epsilon);
      d[i] = rho * d[i]! + (1 - rho) * step ** 2;
      p[i]! -= lr * step;
    }
  },
};
