import type { ComponentChildren } from "preact";
import type { Api, ViewProps } from "../api.ts";
import { makeSigns } from "../charts/signs.tsx";
import type { Profile, ProfileComparison, ProfileList } from "../protocol.ts";
import { makeRefused } from "../refused.tsx";
import { cleanLine } from "../text.ts";
import css from "./profiles.css";

/** The profiles of a root: what each is for, which one is shown, and how two of them differ. */
export default function define(api: Api) {
  const { h, Fragment, ui, t, format, hooks } = api;
  const { Ago, Badge, Meter, Money, Section, Skeleton, Text, TokenCount } = ui;
  const { Sign, Facts, Fact, css: signs } = makeSigns(api);
  const Refused = makeRefused(api);

  return Object.assign(ProfilesView, { css: signs + css });

  function ProfilesView({ data, showProfile, useSnapshots }: ViewProps<ProfileList>) {
    const [compared, compare] = hooks.useState<readonly string[]>([]);
    const [refusal, setRefusal] = hooks.useState<string | null>(null);
    const pair = compared.filter((name) => data.profiles.some((profile) => profile.name === name));
    const [comparison] = useSnapshots(pair.length === 2 ? [{ compare: pair }] : []);
    const show = (name: string) => {
      setRefusal(null);
      showProfile(name).catch((error: unknown) => setRefusal(error instanceof Error ? error.message : String(error)));
    };
    // A third one takes the place of the one chosen first.
    const choose = (name: string) =>
      compare(pair.includes(name) ? pair.filter((one) => one !== name) : [...pair, name].slice(-2));
    return (
      <div class="profiles">
        {refusal !== null && (
          <p class="banner" role="alert" lang="en">
            <Text text={refusal} title />
          </p>
        )}
        <Section title={t("profiles")} aside={t("active", { name: data.active })}>
          <ul class="list">
            {data.profiles.map((profile) => (
              <li key={profile.name} class={`card ${profile.is_shown ? "shown" : ""}`}>
                <Card profile={profile} />
                <div class="actions">
                  {!profile.is_shown && (
                    <button type="button" onClick={() => show(profile.name)} title={t("show.help")}>
                      {t("show", { name: profile.name })}
                    </button>
                  )}
                  {data.profiles.length > 1 && (
                    <button
                      type="button"
                      aria-pressed={pair.includes(profile.name)}
                      aria-label={t("compare.with", { name: profile.name })}
                      onClick={() => choose(profile.name)}
                    >
                      {t("compare")}
                    </button>
                  )}
                </div>
              </li>
            ))}
          </ul>
          {data.total_profiles > data.profiles.length && (
            <p class="note">{t("of", { shown: data.profiles.length, count: data.total_profiles })}</p>
          )}
          {pair.length === 1 && (
            <p class="note" role="status">
              {t("compare.second")}
            </p>
          )}
        </Section>
        {pair.length === 2 &&
          (comparison?.data?.comparison ? (
            <Comparison comparison={comparison.data.comparison} profiles={comparison.data.profiles} />
          ) : comparison?.error ? (
            <Section name="comparison" title={t("comparison", { one: pair[0] ?? "", other: pair[1] ?? "" })}>
              <Refused error={comparison.error} />
            </Section>
          ) : (
            <Skeleton />
          ))}
      </div>
    );
  }

  function Card({ profile }: { profile: Profile }) {
    return (
      <>
        <div class="head">
          <h4>
            <Text text={profile.name} title />
          </h4>
          {profile.is_shown && <Badge kind="accent">{t("shown")}</Badge>}
          {profile.is_active && <Badge title={t("is-active.help")}>{t("is-active")}</Badge>}
          {profile.gateway !== "never" && (
            <Sign
              kind={profile.gateway === "running" ? "good" : "calm"}
              text={t(`gateway.${profile.gateway}`)}
              icon="gateway"
            />
          )}
        </div>
        {(profile.description ?? profile.soul) && (
          <p class="about">
            <Text text={profile.description ?? profile.soul ?? ""} title />
            {profile.description && profile.is_description_made && <small> · {t("made")}</small>}
          </p>
        )}
        <div class="model">
          {profile.model ? (
            <b>
              <Text text={profile.model} title />
            </b>
          ) : (
            <span class="dim">{t("no-model")}</span>
          )}
          {profile.provider && <Text text={profile.provider} />}
          {profile.is_local && <Badge>{t("local")}</Badge>}
        </div>
        <Facts>
          <Fact name={t("sessions")}>{profile.sessions === null ? "—" : format.number(profile.sessions)}</Fact>
          <Fact name={t("messages")}>{profile.messages === null ? "—" : format.compact(profile.messages)}</Fact>
          <Fact name={t("tokens")}>
            <TokenCount tokens={profile.tokens} />
          </Fact>
          <Fact name={t("cost")}>
            <Money cost={profile.cost} isBrief />
          </Fact>
          <Fact name={t("skills")}>{format.number(profile.skills)}</Fact>
          <Fact name={t("jobs")}>{format.number(profile.jobs)}</Fact>
          <Fact name={t("keys")} title={t("keys.help")}>
            {format.number(profile.keys)}
          </Fact>
          <Fact name={t("last")}>
            <Ago at={profile.last_active} />
          </Fact>
        </Facts>
        {profile.memory.map(({ store, used_chars, limit_chars }) => (
          <Meter key={store} label={t(`memory.${store}`)} used={used_chars} limit={limit_chars} />
        ))}
        {profile.distribution && (
          <p class="note">
            {t("distribution")}{" "}
            <Text text={[profile.distribution, profile.distribution_version].filter(Boolean).join(" ")} />
          </p>
        )}
        {profile.problems.map((problem) => (
          <p key={problem} class="problem" lang="en">
            <Text text={problem} title />
          </p>
        ))}
        {profile.total_problems > profile.problems.length && (
          <p class="problem">{t("and", { count: profile.total_problems - profile.problems.length })}</p>
        )}
      </>
    );
  }

  function Comparison({ comparison, profiles }: { comparison: ProfileComparison; profiles: readonly Profile[] }) {
    const both = [comparison.one, comparison.other].map((name) => profiles.find((profile) => profile.name === name));
    const [one, other] = both;
    if (!one || !other) return null;
    const figures: [string, (profile: Profile) => ComponentChildren][] = [
      [t("model"), ({ model, provider }) => <Text text={[model, provider].filter(Boolean).join(" · ") || "—"} />],
      [t("sessions"), ({ sessions }) => (sessions === null ? "—" : format.number(sessions))],
      [t("tokens"), ({ tokens }) => <TokenCount tokens={tokens} />],
      [t("cost"), ({ cost }) => <Money cost={cost} isBrief />],
      [t("memory.memory"), (profile) => chars(profile, "memory")],
      [t("memory.user"), (profile) => chars(profile, "user")],
      [t("skills"), ({ skills }) => format.number(skills)],
      [t("toolsets"), ({ toolsets, total_toolsets }) => <Text text={named(toolsets, total_toolsets)} title />],
      [t("jobs"), ({ jobs }) => format.number(jobs)],
    ];
    return (
      <Section name="comparison" title={t("comparison", { one: one.name, other: other.name })}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("what")}</th>
              <th scope="col">{one.name}</th>
              <th scope="col">{other.name}</th>
            </tr>
          </thead>
          <tbody>
            {figures.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{value(one)}</td>
                <td>{value(other)}</td>
              </tr>
            ))}
            {comparison.differences.map(({ path, one, other, is_masked }) => (
              <tr key={path}>
                <th scope="row">
                  <code>{cleanLine(path)}</code>
                </th>
                <td>{is_masked ? t("masked") : <Text text={one || "—"} title />}</td>
                <td>{is_masked ? t("masked") : <Text text={other || "—"} title />}</td>
              </tr>
            ))}
            <tr>
              <th scope="row">{t("skills.only")}</th>
              <td>{named(comparison.skills_of_one, comparison.total_skills_of_one)}</td>
              <td>{named(comparison.skills_of_other, comparison.total_skills_of_other)}</td>
            </tr>
          </tbody>
        </table>
        <p class="note">
          {t("skills.shared", { count: comparison.shared_skills })}
          {comparison.differences.length === 0 && ` ${t("same")}`}
          {comparison.more_differences > 0 && ` ${t("more", { count: comparison.more_differences })}`}
        </p>
      </Section>
    );
  }

  function named(names: readonly string[], count: number): string {
    const some = cleanLine(names.join(", ")) || "—";
    return count > names.length ? `${some} ${t("and", { count: count - names.length })}` : some;
  }

  function chars(profile: Profile, store: "memory" | "user"): string {
    const memory = profile.memory.find((one) => one.store === store);
    return memory
      ? t("chars", { used: format.number(memory.used_chars), limit: format.number(memory.limit_chars) })
      : "—";
  }
}

export const texts = {
  en: {
    empty: "No profiles yet",
    "empty.help": "hermes profile create makes one: a home of its own, with its memory, skills and sessions.",
    profiles: "Profiles",
    active: "hermes works in {name}",
    shown: "shown",
    of: "{shown} of {count} profiles are shown.",
    and: "and {count} more",
    "is-active": "active",
    "is-active.help": "Plain hermes works in this one",
    show: "Show {name}",
    "show.help": "All panels of this page show that profile from then on",
    compare: "Compare",
    "compare.with": "Compare {name}",
    "compare.second": "Choose a second one to compare.",
    comparison: "{one} and {other}",
    what: "What",
    same: "The configurations are the same.",
    more: "{count} more difference is not shown.|{count} more differences are not shown.",
    masked: "hidden, and different",
    "gateway.running": "gateway running",
    "gateway.stopped": "gateway stopped",
    "gateway.unknown": "gateway not known",
    made: "written by a model",
    "no-model": "no model configured",
    local: "local",
    model: "Model",
    sessions: "Sessions",
    messages: "Messages",
    tokens: "Tokens",
    cost: "Cost",
    skills: "Skills",
    "skills.only": "Skills only there",
    "skills.shared": "{count} skill in both.|{count} skills in both.",
    toolsets: "Toolsets",
    jobs: "Jobs",
    keys: "Keys",
    "keys.help": "Variables that its .env gives a value",
    last: "Last active",
    "memory.memory": "Memory",
    "memory.user": "User profile",
    chars: "{used} of {limit} characters",
    distribution: "Installed from",
  },
  zh: {
    empty: "还没有配置档",
    "empty.help": "用 hermes profile create 创建：它有自己的主目录、记忆、技能和会话。",
    profiles: "配置档",
    active: "hermes 当前使用 {name}",
    shown: "显示中",
    of: "共 {count} 个配置档，显示前 {shown} 个。",
    and: "另有 {count} 项",
    "is-active": "使用中",
    "is-active.help": "直接运行 hermes 时使用此配置档",
    show: "显示 {name}",
    "show.help": "此页面的所有面板随后都显示该配置档",
    compare: "比较",
    "compare.with": "比较 {name}",
    "compare.second": "再选择一个进行比较。",
    comparison: "{one} 与 {other}",
    what: "项目",
    same: "两者的配置相同。",
    more: "另有 {count} 处差异未显示。",
    masked: "已隐藏，且不同",
    "gateway.running": "网关运行中",
    "gateway.stopped": "网关已停止",
    "gateway.unknown": "网关状态未知",
    made: "由模型撰写",
    "no-model": "未配置模型",
    local: "本地",
    model: "模型",
    sessions: "会话",
    messages: "消息",
    tokens: "词元",
    cost: "费用",
    skills: "技能",
    "skills.only": "仅此处有的技能",
    "skills.shared": "共有 {count} 个技能。",
    toolsets: "工具集",
    jobs: "任务",
    keys: "密钥",
    "keys.help": ".env 中有值的变量",
    last: "最近活动",
    "memory.memory": "记忆",
    "memory.user": "用户档案",
    chars: "{used} / {limit} 字符",
    distribution: "安装自",
  },
};
