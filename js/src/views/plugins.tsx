import type { ComponentChildren } from "preact";
import type { Api, ViewProps } from "../api.ts";
import { makeSigns, type SignKind } from "../charts/signs.tsx";
import type { Plugin, PluginList } from "../protocol.ts";
import css from "./plugins.css";

/** What extends Hermes in this home, and whether Hermes loads it. */
export default function define(api: Api) {
  const { h, ui, t, word, format } = api;
  const { Badge, Empty, Section, Text } = ui;
  const { Sign, css: signs } = makeSigns(api);

  return Object.assign(PluginsView, { css: signs + css });

  function PluginsView({ data }: ViewProps<PluginList>) {
    const here = data.plugins.filter(({ is_here }) => is_here);
    const named = data.plugins.filter(({ is_here }) => !is_here);
    const skins = data.looks.filter(({ kind }) => kind === "skin");
    const themes = data.looks.filter(({ kind }) => kind === "theme");
    if (data.plugins.length + data.hooks.length + data.looks.length + data.panels.length === 0)
      return (
        <Empty icon="puzzle" title={t("empty")}>
          {t("empty.help")}
        </Empty>
      );
    return (
      <div class="plugins">
        {here.length > 0 && (
          <List title={t("plugins")} count={data.total - named.length}>
            {here.map((plugin) => (
              <PluginEntry key={plugin.key} plugin={plugin} />
            ))}
          </List>
        )}
        {data.total > data.plugins.length && (
          <p class="note">{t("more", { count: data.total - data.plugins.length })}</p>
        )}
        {named.length > 0 && (
          <List title={t("named")} count={named.length} help={t("named.help")}>
            {named.map(({ key, state }) => (
              <Entry key={key} name={key} sign={state === "disabled" ? "calm" : "good"} state={t(`state.${state}`)} />
            ))}
          </List>
        )}
        {data.hooks.length > 0 && (
          <List title={t("hooks")} count={data.hooks.length}>
            {data.hooks.map((hook) => (
              <Entry
                key={hook.name}
                name={hook.name}
                about={hook.description}
                sign={hook.problem ? "bad" : "good"}
                state={t(hook.problem ? "state.broken" : "state.enabled")}
                problem={hook.problem}
              >
                <Names label={t("events")} names={hook.events} />
              </Entry>
            ))}
          </List>
        )}
        {(
          [
            ["skins", skins],
            ["themes", themes],
          ] as const
        ).map(
          ([title, looks]) =>
            looks.length > 0 && (
              <List key={title} title={t(title)} count={looks.length}>
                {looks.map((look) => (
                  <Entry
                    key={look.name}
                    name={look.name}
                    about={look.description}
                    sign={look.problem ? "bad" : look.is_in_use ? "good" : null}
                    state={look.problem ? t("state.broken") : look.is_in_use ? t("in-use") : null}
                    problem={look.problem}
                  />
                ))}
              </List>
            ),
        )}
        {data.panels.length > 0 && (
          <List title={t("panels")} count={data.panels.length} help={t("panels.help")}>
            {data.panels.map(({ name, package: from, version }) => (
              <Entry
                key={name}
                name={name}
                about={[from, version].filter(Boolean).join(" ")}
                sign={null}
                state={null}
              />
            ))}
          </List>
        )}
      </div>
    );
  }

  function List(props: { title: string; count: number; help?: string; children: ComponentChildren }) {
    return (
      <Section title={props.title} aside={format.number(props.count)}>
        {props.help && <p class="note">{props.help}</p>}
        <ul class="list">{props.children}</ul>
      </Section>
    );
  }

  function PluginEntry({ plugin }: { plugin: Plugin }) {
    const state =
      plugin.state === "elsewhere"
        ? t("state.elsewhere", { setting: plugin.chosen_by ?? "" })
        : t(`state.${plugin.state}`);
    return (
      <Entry
        name={plugin.name}
        version={plugin.version}
        about={plugin.description}
        sign={signOf[plugin.state]}
        state={state}
        problem={plugin.problem}
        kind={plugin.kind === "standalone" ? null : word("kind", plugin.kind)}
        path={plugin.key === plugin.name ? null : plugin.key}
        author={plugin.author}
      >
        <Names label={t("tools")} names={plugin.tools} />
        <Names label={t("plugin-hooks")} names={plugin.hooks} />
        <Names label={t("needs")} names={plugin.needs} />
      </Entry>
    );
  }

  function Entry(props: {
    name: string;
    version?: string | null;
    about?: string | null;
    sign: SignKind | null;
    state: string | null;
    problem?: string | null;
    kind?: string | null;
    path?: string | null;
    author?: string | null;
    children?: ComponentChildren;
  }) {
    return (
      <li class="entry">
        <div class="head">
          <h4>
            <Text text={props.name} title />
          </h4>
          {props.version && (
            <small>
              <Text text={props.version} />
            </small>
          )}
          {props.kind && <Badge>{props.kind}</Badge>}
          {props.path && <small>{props.path}</small>}
          {props.sign && props.state && <Sign kind={props.sign} text={props.state} />}
        </div>
        {props.about && (
          <p class="about">
            <Text text={props.about} title />
          </p>
        )}
        {props.author && (
          <p class="about">
            {t("by")} <Text text={props.author} />
          </p>
        )}
        {props.children}
        {props.problem && (
          <p class="problem" lang="en">
            <Text text={props.problem} title />
          </p>
        )}
      </li>
    );
  }

  function Names({ label, names }: { label: string; names: readonly string[] }) {
    if (names.length === 0) return null;
    return (
      <div class="names">
        <span>{label}</span>
        {names.map((name) => (
          <code key={name}>{name}</code>
        ))}
      </div>
    );
  }
}

const signOf: Record<Plugin["state"], SignKind> = {
  enabled: "good",
  disabled: "calm",
  off: "calm",
  elsewhere: "calm",
  broken: "bad",
};

export const texts = {
  en: {
    empty: "No plugins here",
    "empty.help": "hermes plugins install adds one; hooks, skins and themes of this home appear here, too.",
    plugins: "Plugins",
    more: "{count} more is not shown|{count} more are not shown",
    named: "Named in the configuration",
    "named.help": "They come with Hermes or from another package; this home does not have them.",
    hooks: "Gateway hooks",
    skins: "Skins",
    themes: "Dashboard themes",
    panels: "Panels of this HUD",
    "panels.help": "Installed beside it, from other packages.",
    events: "Runs at",
    tools: "Tools",
    "plugin-hooks": "Hooks",
    needs: "Needs",
    by: "by",
    "in-use": "in use",
    "state.enabled": "enabled",
    "state.disabled": "disabled",
    "state.off": "not enabled",
    "state.elsewhere": "chosen by {setting}",
    "state.broken": "broken",
    "kind.backend": "backend",
    "kind.exclusive": "one of its kind",
    "kind.platform": "platform",
    "kind.model-provider": "model provider",
  },
  zh: {
    empty: "这里没有插件",
    "empty.help": "可用 hermes plugins install 安装；此主目录的钩子、皮肤和主题也会显示在这里。",
    plugins: "插件",
    more: "另有 {count} 个未显示",
    named: "配置中提到的",
    "named.help": "它们随 Hermes 提供或来自其他软件包，不在此主目录中。",
    hooks: "网关钩子",
    skins: "皮肤",
    themes: "仪表板主题",
    panels: "本 HUD 的面板",
    "panels.help": "由一同安装的其他软件包提供。",
    events: "触发时机",
    tools: "工具",
    "plugin-hooks": "钩子",
    needs: "需要",
    by: "作者",
    "in-use": "使用中",
    "state.enabled": "已启用",
    "state.disabled": "已禁用",
    "state.off": "未启用",
    "state.elsewhere": "由 {setting} 选定",
    "state.broken": "已损坏",
    "kind.backend": "后端",
    "kind.exclusive": "同类唯一",
    "kind.platform": "平台",
    "kind.model-provider": "模型提供方",
  },
};
