import type { Api, ViewProps } from "../api.ts";
import { sizeIn } from "../bytes.ts";
import type { CheckpointDirectory, CheckpointList } from "../protocol.ts";
import { cleanLine } from "../text.ts";
import css from "./checkpoints.css";

/** The snapshots of files that Hermes took, by directory. */
export default function define({ h, ui, t, format }: Api) {
  const { Ago, Badge, Empty, Meter, Section, Stat, Text } = ui;

  return Object.assign(CheckpointsView, { css });

  function CheckpointsView({ data }: ViewProps<CheckpointList>) {
    const size = `${data.is_size_cut ? "> " : ""}${sizeIn(data.size_bytes, format)}`;
    return (
      <div class="checkpoints">
        <dl class="stats">
          <Stat
            label={t("state")}
            value={t(data.is_enabled ? "on" : "off")}
            title={t(data.is_enabled ? "on.help" : "off.help")}
          />
          <Stat
            label={t("snapshots")}
            value={`${format.number(data.total_checkpoints)}${data.is_total_cut ? "+" : ""}`}
          />
          <Stat label={t("directories")} value={format.number(data.total)} />
          <Stat label={t("size")} value={size} title={t("size.help")} />
        </dl>
        {data.directories.length === 0 && data.legacy.length === 0 && (
          <Empty icon="archive" title={t("empty")}>
            {t(data.is_enabled ? "empty.on" : "empty.help")}
          </Empty>
        )}
        {data.max_size_bytes > 0 && data.size_bytes > 0 && (
          <Meter
            label={t("limit", { size: sizeIn(data.max_size_bytes, format) })}
            used={data.size_bytes}
            limit={data.max_size_bytes}
          />
        )}
        {data.total + data.unreadable > 0 && (
          <Section
            title={t("directories")}
            aside={t("kept", { count: data.max_snapshots, days: t("days", { count: data.retention_days }) })}
          >
            <ul class="list">
              {data.directories.map((directory) => (
                <Directory key={directory.id} directory={directory} />
              ))}
            </ul>
            {data.total > data.directories.length && (
              <p class="note">{t("more", { count: data.total - data.directories.length })}</p>
            )}
            {data.unreadable > 0 && <p class="note">{t("unreadable", { count: data.unreadable })}</p>}
          </Section>
        )}
        {data.legacy.length > 0 && (
          <Section title={t("legacy")} aside={format.number(data.total_legacy)}>
            <ul class="list">
              {data.legacy.map(({ name, modified_at }) => (
                <li key={name} class="directory head">
                  <code>{cleanLine(name)}</code>
                  <span class="when">
                    <Ago at={modified_at} />
                  </span>
                </li>
              ))}
            </ul>
            {data.total_legacy > data.legacy.length && (
              <p class="note">{t("more", { count: data.total_legacy - data.legacy.length })}</p>
            )}
            <p class="note">{t("legacy.help")}</p>
          </Section>
        )}
      </div>
    );
  }

  function Directory({ directory }: { directory: CheckpointDirectory }) {
    const newest = directory.checkpoints[0];
    return (
      <li class="directory">
        <div class="head">
          <h4>{directory.path ? <code>{cleanLine(directory.path)}</code> : t("unknown")}</h4>
          {directory.exists === false && (
            <Badge kind="amber" title={t("gone.help")}>
              {t("gone")}
            </Badge>
          )}
          <span class="when">
            <Ago at={directory.newest_at ?? directory.touched_at} />
          </span>
        </div>
        {directory.problem ? (
          <p class="problem" lang="en">
            <Text text={directory.problem} title />
          </p>
        ) : newest ? (
          <details>
            <summary>
              {t("count", { count: directory.count })}
              {directory.is_count_cut && "+"} <Text text={newest.reason} title />
            </summary>
            <ul>
              {directory.checkpoints.map((one) => (
                <li key={one.id}>
                  <code>{one.id}</code>
                  <Text text={one.reason} title />
                  <Ago at={one.at} />
                </li>
              ))}
            </ul>
            {directory.count > directory.checkpoints.length && (
              <p class="facts">{t("older", { count: directory.count - directory.checkpoints.length })}</p>
            )}
          </details>
        ) : (
          <p class="facts">{t("none")}</p>
        )}
      </li>
    );
  }
}

export const texts = {
  en: {
    empty: "No checkpoints yet",
    "empty.help": "With checkpoints.enabled in config.yaml, Hermes takes a snapshot before it changes files.",
    "empty.on": "Hermes takes one before it changes files, once a turn.",
    state: "Snapshots",
    on: "on",
    "on.help": "Hermes takes one before it changes files, once a turn",
    off: "off",
    "off.help": "checkpoints.enabled is not set; hermes chat --checkpoints turns them on for one session",
    snapshots: "Taken",
    directories: "Directories",
    size: "Size",
    "size.help": "Of everything: directories share what is equal",
    limit: "Of {size} at most",
    kept: "{count} each at most, for {days}",
    days: "{count} day|{count} days",
    more: "{count} more is not shown|{count} more are not shown",
    unreadable: "{count} file about a directory is damaged|{count} files about directories are damaged",
    legacy: "Put away",
    "legacy.help": "Snapshots of an older form; hermes checkpoints clear-legacy removes them.",
    unknown: "a directory whose path is not known",
    gone: "not there",
    "gone.help": "Hermes will drop its snapshots",
    count: "{count} snapshot|{count} snapshots",
    older: "and {count} older one|and {count} older ones",
    none: "Nothing had changed yet",
  },
  zh: {
    empty: "还没有检查点",
    "empty.help": "在 config.yaml 中启用 checkpoints.enabled 后，Hermes 会在修改文件之前创建快照。",
    "empty.on": "每轮对话中，Hermes 在首次修改文件前创建一次快照。",
    state: "快照",
    on: "开启",
    "on.help": "每轮对话中，Hermes 在首次修改文件前创建一次快照",
    off: "关闭",
    "off.help": "未设置 checkpoints.enabled；可用 hermes chat --checkpoints 为单个会话开启",
    snapshots: "已创建",
    directories: "目录",
    size: "大小",
    "size.help": "全部合计：相同内容由各目录共享",
    limit: "上限 {size}",
    kept: "每个最多 {count} 份，保留 {days}",
    days: "{count} 天",
    more: "另有 {count} 个未显示",
    unreadable: "{count} 个目录信息文件已损坏",
    legacy: "已归档",
    "legacy.help": "旧格式的快照；可用 hermes checkpoints clear-legacy 删除。",
    unknown: "路径未知的目录",
    gone: "不存在",
    "gone.help": "Hermes 将删除它的快照",
    count: "{count} 份快照",
    older: "另有 {count} 份更早的",
    none: "尚无改动",
  },
};
