/** What the charts say (`core/charts`), which comes with them. */
export const englishOfCharts: Record<string, string> = {
  "chart.now": "now",
  "chart.total": "in all",
  "chart.what": "What",
  "chart.when": "When",
  "chart.note": "Besides",
  "chart.mark.done": "done",
  "chart.mark.failed": "failed",
  "chart.mark.coming": "to come",
  "chart.mark.late": "overdue",
  "chart.mark.off": "switched off",
};
