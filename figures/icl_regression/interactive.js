// The approximate loss of the pair omega = (gamma, -gamma), mu = (m, -m) [icl-3.4].
"use strict";

lemmax.models.icl_regression = {
  noise: (gamma, L, p) => (1 + p.s2) / L * Math.sinh(p.d * gamma ** 2),
  loss(gamma, m, L, p) {
    return p.s2 + (1 - 2 * m * gamma) ** 2 + 4 * m ** 2 * this.noise(gamma, L, p);
  },
  best(gamma, L, p) { return gamma / 2 / (gamma ** 2 + this.noise(gamma, L, p)); },
  floor(gamma, L, p) { return this.loss(gamma, this.best(gamma, L, p), L, p); },
  show({ gamma, L }, data) {
    const best = this.best(gamma, L, data);
    const floor = this.floor(gamma, L, data);
    const ms = Array.from({ length: 121 }, (_, i) => 2 * best * i / 120);
    const gammas = Array.from({ length: 120 }, (_, i) => 0.005 * (i + 1));
    const top = 1 + data.s2;
    const trained = L === data.trained_at ? data.trained : [];
    const eta = 2 * gamma * best;
    return {
      panels: [
        {
          x: { label: "μ of the positive head", min: 0, max: 2 * best },
          y: { label: "approximate loss", min: 0, max: 1.1 * top },
          curves: [{ kind: "theory", x: ms, y: ms.map((m) => this.loss(gamma, m, L, data)) }],
          points: [{ kind: "here", x: best, y: floor }],
        },
        {
          x: { label: "γ", min: 0, max: 0.6 },
          y: { label: "least loss over μ", min: data.s2, max: 1.05 * this.floor(0.6, L, data) },
          curves: [{ kind: "theory", x: gammas, y: gammas.map((g) => this.floor(g, L, data)) }],
          points: [
            { kind: "here", x: gamma, y: floor },
            ...trained.map((net) => ({ kind: "measured", x: net.gamma, y: this.loss(net.gamma, net.mu, L, data) })),
          ],
        },
      ],
      said: `At γ = ${lemmax.short(gamma)} and L = ${L}: μ_γ = ${lemmax.short(best)}, step η = ${lemmax.short(eta)} `
        + `(η* = ${lemmax.short(L / (L + data.d * (1 + data.s2)))}), least loss ${lemmax.short(floor)}.`,
    };
  },
};
