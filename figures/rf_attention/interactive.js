// Test error of ridge regression on random features from levels and energies [rfa-4.1], [rfa-4.2].
"use strict";

lemmax.models.rf_attention = {
  sum: (s, of) => s.lam.reduce((total, lam, i) => total + of(lam, s.count[i], i), 0),
  infinite(s, energies, n, ridge) {
    const rest = ridge + s.tail;
    const kap = Math.exp(lemmax.root((log) => {
      const k = Math.exp(log);
      return n - this.sum(s, (lam, count) => count * lam / (lam + k)) - rest / k;
    }, -60, 20));
    const learnt = this.sum(s, (lam, count) => count * (lam / (lam + kap)) ** 2);
    return n / (n - learnt) * this.sum(s, (lam, count, i) => (kap / (lam + kap)) ** 2 * energies[i]);
  },
  finite(s, energies, n, width, ridge) {
    const spent = (gam) => this.sum(s, (lam, count) => count * lam / (lam + gam)) + s.tail / gam;
    const low = spent(Math.exp(-60)) > width ? lemmax.root((log) => width - spent(Math.exp(log)), -60, 20) : -60;
    const gam = Math.exp(lemmax.root((log) => {
      const z = spent(Math.exp(log));
      return n - z - ridge / (Math.exp(log) * Math.max(1 - z / width, 1e-300));
    }, low + 1e-12, 20));
    const z = spent(gam);
    const q = this.sum(s, (lam, count) => count * (lam / (lam + gam)) ** 2);
    const kap = gam * (1 - z / width);
    const bias = this.sum(s, (lam, count, i) =>
      (gam / (lam + gam) - kap * lam / (lam + gam) ** 2 * width / (width - q)) * energies[i]);
    return bias / (1 - (q * (width - 2 * z) + z ** 2) / (n * (width - q)));
  },
  show({ target, N, d, M }, data) {
    const s = data.spectra[`${d},${N}`];
    const energies = s.energies[target];
    const best = (of) => Math.min(...data.penalties.map((p) => of(p * s.trace) / s.variance[target]));
    const sizes = Array.from({ length: 31 }, (_, i) => Math.round(10 ** (1 + i / 10)));
    const infinite = sizes.map((n) => best((ridge) => this.infinite(s, energies, n, ridge)));
    const finite = sizes.map((n) => best((ridge) => this.finite(s, energies, n, M * (d + 1), ridge)));
    const at = data.measured;
    const same = at.dimension === d && at.keys === N && at.heads === M && at.mean[target];
    const thousand = sizes.indexOf(1000);
    return {
      panels: [{
        x: { label: "training samples n", min: 10, max: 1e4, log: true },
        y: { label: "relative test error", min: 1e-3, max: 2, log: true },
        curves: [
          { kind: "limit", x: sizes, y: infinite },
          { kind: "theory", x: sizes, y: finite },
        ],
        points: same ? at.size.map((n, i) => ({ kind: "measured", x: n, y: at.mean[target][i] })) : [],
      }],
      said: `${target} with N = ${N}, d = ${d}, M = ${M} (${M * (d + 1)} weights): at 1000 samples relative error `
        + `${lemmax.short(finite[thousand])}, with infinitely many heads ${lemmax.short(infinite[thousand])}.`
        + (same ? " Circles are simulated." : ""),
    };
  },
};
