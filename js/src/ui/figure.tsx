import { h } from "preact";
import { useMemo, useState } from "preact/hooks";
import { texts as figureTexts, makeFigure } from "../charts/figure.tsx";
import { useClient } from "../context.ts";
import { Text } from "./text.tsx";

/** The frame that views' charts have, for those of the core. */
export function useFigure(): ReturnType<typeof makeFigure> {
  const { texts } = useClient();
  return useMemo(() => makeFigure({ h, hooks: { useState }, t: texts.above(figureTexts).t, ui: { Text } }), [texts]);
}
