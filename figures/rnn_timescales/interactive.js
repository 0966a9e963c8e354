// Measured time constants by curriculum, and the autocorrelation of a leaky unit [rnn-4.1].
"use strict";

lemmax.models.rnn_timescales = {
  autocorrelation: (tau, lag) => (lag === 0 ? 1 : (1 - 1 / tau) ** lag),
  timescale: (tau) => (tau > 1 ? -1 / Math.log(1 - 1 / tau) : 0),
  show({ N, curriculum, task }, data) {
    const names = ["single-head", "multi-head"];
    const means = names.map((name) => (data.measured[`${task}, ${name}`] || {}).mean || { N: [], mean: [] });
    const chosen = data.measured[`${task}, ${curriculum}`];
    const at = chosen ? chosen.mean.N.indexOf(N) : -1;
    const lags = Array.from({ length: 21 }, (_, i) => i);
    const color = names.indexOf(curriculum);
    const every = means.flatMap((found) => found.mean);
    const panels = [{
      x: { label: "N", min: 2, max: 12 },
      y: { label: `mean τ (bits), ${task}`, min: 1, max: Math.max(1.5, ...every) },
      curves: means.map((found, i) => ({ kind: i === color ? "solid" : "limit", color: i, x: found.N, y: found.mean })),
      points: at < 0 ? [] : [{ kind: "here", color, x: N, y: chosen.mean.mean[at] }],
    }, {
      x: { label: "lag l (bits)", min: 0, max: 20 },
      y: { label: "autocorrelation of a unit", min: 0, max: 1 },
      curves: at < 0 ? [] : [chosen.mean.mean[at], chosen.max.mean[at]].map((tau) => (
        { kind: "theory", color, x: lags, y: lags.map((lag) => this.autocorrelation(tau, lag)) })),
    }];
    if (at < 0) return { panels, said: `No ${curriculum} nets that solved ${task} at N = ${N} were measured here.` };
    const [mean, largest] = [chosen.mean.mean[at], chosen.max.mean[at]];
    return {
      panels,
      said: `${curriculum}, ${task}, N = ${N}: mean τ ${lemmax.short(mean)}, spread ${lemmax.short(chosen.std.mean[at])}, `
        + `largest ${lemmax.short(largest)}, over ${chosen.mean.seeds[at]} nets; a linear unit with the largest forgets in `
        + `${lemmax.short(this.timescale(largest))} bits.`,
    };
  },
};
