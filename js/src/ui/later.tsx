import { type ComponentProps, type ComponentType, h } from "preact";
import { useClient, useSelected } from "../context.ts";
import type { Later } from "../later.ts";
import { Empty, Retry } from "./blank.tsx";

/** A chart whose code is loaded when one is first drawn; an empty place until then. */
function later<Name extends "Bars" | "Columns" | "Sparkline" | "TimeLine">(name: Name) {
  return function Chart(props: ComponentProps<Later["charts"][Name]>) {
    const client = useClient();
    const [charts] = useSelected((client) => [client.later("charts"), client.modulesLoaded]);
    if (charts === null) return name === "Sparkline" ? null : <div class="chart" />;
    if ("failure" in charts)
      return (
        <Empty icon="warning" title={charts.failure}>
          <Retry retry={() => client.retry("core/charts")} />
        </Empty>
      );
    const Loaded = charts[name] as ComponentType<object>;
    return <Loaded {...props} />;
  };
}

export const Bars = later("Bars");
export const Columns = later("Columns");
export const Sparkline = later("Sparkline");
export const TimeLine = later("TimeLine");
