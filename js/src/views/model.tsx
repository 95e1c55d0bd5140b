import type { Api, ViewProps } from "../api.ts";
import { css as figureCss, texts as figureTexts, makeFigure } from "../charts/figure.tsx";
import { makeSigns } from "../charts/signs.tsx";
import type { ModelAbilities, ModelChat, ModelEntry, ModelPanel, ModelPrice, ModelUse } from "../protocol.ts";
import css from "./model.css";

/** Width of the drawn window, in units of its own. */
const WIDTH = 1_000;

/** The models: the main one with its context window, those beside it, and what each was used for. */
export default function define(api: Api) {
  const { h, Fragment, ui, t, sentence, word, format } = api;
  const { Ago, Badge, Icon, Meter, Money, Section, Text, TokenCount } = ui;
  const { Facts, Fact, css: signs } = makeSigns(api);
  const Figure = makeFigure(api);

  return Object.assign(ModelView, { css: signs + figureCss + css });

  function ModelView({ data, open }: ViewProps<ModelPanel>) {
    const { main } = data;
    const isSmall = main?.window_tokens != null && main.window_tokens < data.least_tokens;
    return (
      <div class="model">
        {data.bad_override !== null && <Warning text={t("override.bad", { value: data.bad_override })} />}
        {isSmall && <Warning text={t("small", { least: format.number(data.least_tokens) })} />}
        {main === null ? (
          <p class="none">{t("main.none")}</p>
        ) : (
          <Section name="main-model" title={t("main")}>
            <div class="main" data-model={main.model}>
              <Head entry={main} />
              {main.abilities !== null && <Abilities abilities={main.abilities} />}
              {main.window_tokens !== null && <Window data={data} tokens={main.window_tokens} />}
              <Facts>
                <WindowFact entry={main} />
                <Fact name={t("compression")} title={t("compression.help")}>
                  {data.compresses_at_tokens === null ? (
                    t(data.is_compressing ? "compression.unknown" : "compression.off")
                  ) : (
                    <span class="numeric">{t("tokens", { tokens: format.number(data.compresses_at_tokens) })}</span>
                  )}
                </Fact>
                <Fact name={t("output")}>
                  <span class="numeric">
                    {tokensOf(data.max_output_tokens ?? main.abilities?.output_tokens ?? null)}
                  </span>
                </Fact>
                <Fact name={t("effort")}>{word("effort", data.reasoning_effort ?? "default")}</Fact>
                <Price price={main.price} />
                <Use use={main.use} days={data.used_days} />
                <Dates abilities={main.abilities} />
              </Facts>
            </div>
          </Section>
        )}
        {data.chats.length > 0 && (
          <Section name="chats" title={t("chats")} aside={t("chats.help")}>
            <ul class="chats">
              {data.chats.map((chat) => (
                <Chat key={chat.session_id} chat={chat} window={main?.window_tokens ?? null} open={open} />
              ))}
            </ul>
          </Section>
        )}
        {data.fallbacks.length > 0 && (
          <Section name="fallbacks" title={t("fallbacks")} aside={t("fallbacks.help")}>
            <Entries entries={data.fallbacks} days={data.used_days} />
          </Section>
        )}
        {data.tasks.length > 0 && (
          <Section name="tasks" title={t("tasks")}>
            <dl class="task-list">
              {data.tasks.map((task) => (
                <div key={task.task}>
                  <dt>
                    <Text text={word("task", task.task)} title />
                  </dt>
                  <dd>
                    {task.model === null && task.provider === null ? (
                      <span class="dim">{t("task.auto")}</span>
                    ) : (
                      <Text text={[task.model, task.provider].filter(Boolean).join(" · ")} title />
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          </Section>
        )}
        {data.used.length > 0 && (
          <Section name="used" title={t("used")} aside={t("models", { count: data.used_total })}>
            <Entries entries={data.used} days={data.used_days} />
          </Section>
        )}
        {data.catalog_models === 0 && (
          <p class="notice">
            <Icon name="info" />
            <span>{t("catalog.none")}</span>
          </p>
        )}
      </div>
    );
  }

  function Warning({ text }: { text: string }) {
    return (
      <p class="banner">
        <Icon name="warning" />
        <span>{text}</span>
      </p>
    );
  }

  function Head({ entry }: { entry: ModelEntry }) {
    return (
      <div class="head">
        <h4>
          <Text text={entry.model} title />
        </h4>
        <span>
          <Text text={[entry.name, entry.provider].filter(Boolean).join(" · ")} title />
        </span>
        {entry.roles
          .filter((role) => role !== "main" && role !== "fallback")
          .map((role) => (
            <Badge key={role}>{word("task", role)}</Badge>
          ))}
      </div>
    );
  }

  function Abilities({ abilities }: { abilities: ModelAbilities }) {
    const can = (["tools", "images", "reasoning", "structured", "open_weights"] as const).filter(
      (name) => abilities[name] === true,
    );
    const cannot = (["tools", "images", "reasoning"] as const).filter((name) => abilities[name] === false);
    return (
      <div class="abilities">
        {can.map((name) => (
          <Badge key={name}>{t(`can.${name}`)}</Badge>
        ))}
        {cannot.map((name) => (
          <Badge key={name} kind="amber">
            {t(`cannot.${name}`)}
          </Badge>
        ))}
      </div>
    );
  }

  /** The window as a bar: what the fullest chat takes of it, and where it is compressed. */
  function Window({ data, tokens }: { data: ModelPanel; tokens: number }) {
    const at = data.compresses_at_tokens;
    const fullest = data.chats[0]?.prompt_tokens ?? 0;
    const x = (value: number) => Math.min(1, value / tokens) * WIDTH;
    const label = [
      t("window.label", { tokens: format.number(tokens) }),
      ...(at === null ? [] : [t("window.mark", { tokens: format.number(at), share: format.percent(at / tokens) })]),
      ...(fullest > 0 ? [t("window.fullest", { tokens: format.number(fullest) })] : []),
    ];
    const row = (name: string, value: number) => [name, format.number(value), format.percent(value / tokens)];
    return (
      <Figure
        label={t("window")}
        table={() => ({
          columns: [t("window.part"), t("window.tokens"), t("window.share")],
          rows: [
            row(t("window"), tokens),
            ...(at === null ? [] : [row(t("compression"), at)]),
            ...(fullest > 0 ? [row(t("window.chat"), fullest)] : []),
          ],
        })}
      >
        <div class="window">
          <svg viewBox={`0 0 ${WIDTH} 14`} preserveAspectRatio="none" role="img" aria-label={label.join(". ")}>
            <title>{label.join("\n")}</title>
            <rect class="whole" width={WIDTH} height={14} vector-effect="non-scaling-stroke" />
            {at !== null && <rect class="kept" width={x(at)} height={14} />}
            {fullest > 0 && <rect class="chat" width={Math.max(2, x(fullest))} y={4} height={6} />}
            {at !== null && <path class="mark" d={`M${x(at)} 0v14`} vector-effect="non-scaling-stroke" />}
          </svg>
          <div class="scale numeric">
            <span>0</span>
            {at !== null && (
              <span>{t("window.mark", { tokens: format.compact(at), share: format.percent(at / tokens) })}</span>
            )}
            <span>{format.compact(tokens)}</span>
          </div>
        </div>
      </Figure>
    );
  }

  function WindowFact({ entry }: { entry: ModelEntry }) {
    const { window_tokens: tokens, catalog_tokens: listed } = entry;
    return (
      <Fact name={t("window")} title={entry.is_window_asked ? t("window.asked") : undefined}>
        <span class="numeric">{tokensOf(tokens)}</span>
        {entry.window_source !== null && <small> {t(`window.by.${entry.window_source}`)}</small>}
        {listed !== null && tokens !== null && listed !== tokens && (
          <small> · {t("window.listed", { tokens: format.compact(listed) })}</small>
        )}
      </Fact>
    );
  }

  function Price({ price }: { price: ModelPrice | null }) {
    if (price === null) return <Fact name={t("price")}>—</Fact>;
    if (price.source === "included") return <Fact name={t("price")}>{t("price.included")}</Fact>;
    const cached = price.cache_read_usd === null ? [] : [t("price.cached", { usd: format.usd(price.cache_read_usd) })];
    return (
      <Fact name={t("price")} title={[t("price.help"), ...cached].join(" ")}>
        <span class="numeric">
          {format.usd(price.input_usd)} / {format.usd(price.output_usd)}
        </span>{" "}
        <small>{word("price.by", price.source)}</small>
      </Fact>
    );
  }

  function Use({ use, days }: { use: ModelUse | null; days: number }) {
    if (use === null) return <Fact name={t("use", { days })}>{t("use.none")}</Fact>;
    return (
      <Fragment>
        <Fact name={t("use", { days })}>
          <TokenCount tokens={use.tokens} /> <small>{t("calls", { count: use.api_calls })}</small>
        </Fact>
        <Fact name={t("cost")}>
          <Money cost={use.cost} />
        </Fact>
      </Fragment>
    );
  }

  function Dates({ abilities }: { abilities: ModelAbilities | null }) {
    return (
      <Fragment>
        {abilities?.knowledge != null && (
          <Fact name={t("knowledge")}>
            <Text text={abilities.knowledge} />
          </Fact>
        )}
        {abilities?.released != null && (
          <Fact name={t("released")}>
            <Text text={abilities.released} />
          </Fact>
        )}
      </Fragment>
    );
  }

  function Entries({ entries, days }: { entries: readonly ModelEntry[]; days: number }) {
    return (
      <ul class="entries">
        {entries.map((entry) => (
          <li key={`${entry.model} ${entry.provider}`} class="entry" data-model={entry.model}>
            <Head entry={entry} />
            <Facts>
              <Use use={entry.use} days={days} />
              <WindowFact entry={entry} />
              <Price price={entry.price} />
            </Facts>
          </li>
        ))}
      </ul>
    );
  }

  function Chat({ chat, window, open }: { chat: ModelChat; window: number | null; open: ViewProps["open"] }) {
    const name = word("platform", chat.platform ?? "other");
    return (
      <li data-chat={chat.session_id}>
        {window === null ? (
          <span>{t("chat.tokens", { name, tokens: format.compact(chat.prompt_tokens) })}</span>
        ) : (
          <Meter
            label={t("chat.tokens", { name, tokens: format.compact(chat.prompt_tokens) })}
            used={chat.prompt_tokens}
            limit={window}
            note={chat.at === null ? undefined : <Ago at={chat.at} />}
          />
        )}
        <button type="button" onClick={() => open("sessions", { session: chat.session_id })}>
          {sentence("chat.open", { id: <Text text={chat.session_id} /> })}
        </button>
      </li>
    );
  }

  function tokensOf(tokens: number | null): string {
    return tokens === null ? "—" : t("tokens", { tokens: format.number(tokens) });
  }
}

/** What this view says. */
export const texts = {
  en: {
    ...figureTexts.en,
    empty: "No model is configured",
    "empty.help": "Choose one: “hermes model”.",
    main: "Main model",
    "main.none": "No main model is configured: Hermes takes what its provider offers.",
    small: "With a context window of less than {least} tokens Hermes refuses to work.",
    "override.bad": "“{value}” in model.context_length is not a whole number above 0: Hermes passes over it.",
    tokens: "{tokens} tokens",
    window: "Context window",
    "window.label": "A context window of {tokens} tokens",
    "window.mark": "compressed at {tokens} ({share})",
    "window.fullest": "The fullest chat takes {tokens} tokens",
    "window.chat": "Fullest chat",
    "window.part": "What",
    "window.tokens": "Tokens",
    "window.share": "Share",
    "window.asked": "Hermes asks the provider first; its answer is not kept, and may differ.",
    "window.listed": "models.dev says {tokens}",
    "window.by.config": "set in config.yaml",
    "window.by.custom_providers": "set for this endpoint",
    "window.by.endpoint": "known of this endpoint",
    "window.by.cache": "found out by Hermes",
    "window.by.codex": "limit of the ChatGPT login",
    "window.by.openrouter": "by OpenRouter",
    "window.by.models_dev": "by models.dev",
    "window.by.table": "from Hermes' own table",
    "window.by.fallback": "Hermes' guess",
    compression: "Compressed at",
    "compression.help": "When a prompt reaches this, Hermes summarises what came before.",
    "compression.off": "never: switched off",
    "compression.unknown": "not known",
    output: "Longest answer",
    effort: "Reasoning effort",
    "effort.default": "provider's default",
    "effort.none": "none",
    "effort.minimal": "minimal",
    "effort.low": "low",
    "effort.medium": "medium",
    "effort.high": "high",
    "effort.xhigh": "very high",
    price: "In / out per 1 M",
    "price.help": "List prices in US dollars per million tokens.",
    "price.cached": "Cached input: {usd}.",
    "price.included": "paid by the subscription",
    "price.by.hermes": "Hermes' table",
    "price.by.openrouter": "of OpenRouter",
    "price.by.models_dev": "of models.dev",
    use: "Used in {days} days",
    "use.none": "not at all",
    calls: "{count} call|{count} calls",
    cost: "Cost",
    knowledge: "Knows until",
    released: "Came out",
    "can.tools": "tools",
    "can.images": "images",
    "can.reasoning": "reasoning",
    "can.structured": "structured output",
    "can.open_weights": "open weights",
    "cannot.tools": "no tools",
    "cannot.images": "no images",
    "cannot.reasoning": "no reasoning",
    chats: "Fullest chats",
    "chats.help": "last prompts of the gateway's chats",
    "chat.tokens": "{name}: {tokens} tokens",
    "chat.open": "session {id}",
    "platform.other": "chat",
    fallbacks: "Fallbacks",
    "fallbacks.help": "in this order, when the main model fails",
    tasks: "Auxiliary tasks",
    "task.auto": "automatic",
    "task.vision": "Looking at images",
    "task.web_extract": "Reading web pages",
    "task.compression": "Compression",
    "task.title_generation": "Titles",
    "task.approval": "Approvals",
    "task.curator": "Curator",
    "task.goal_judge": "Judging goals",
    "task.background_review": "Review in the background",
    "task.skills_hub": "Skills hub",
    "task.mcp": "MCP servers",
    "task.memory_query_rewrite": "Memory queries",
    "task.tts_audio_tags": "Speech tags",
    "task.triage_specifier": "Kanban triage",
    "task.kanban_decomposer": "Kanban splitting",
    "task.profile_describer": "Profile descriptions",
    "task.monitor": "Monitor",
    "task.moa_reference": "Advisers",
    "task.moa_aggregator": "Sum of advice",
    used: "Other models",
    models: "{count} model|{count} models",
    "catalog.none": "Hermes has not fetched the catalog of models.dev yet: abilities are not known.",
  },
  zh: {
    ...figureTexts.zh,
    empty: "尚未配置模型",
    "empty.help": "请选择一个：“hermes model”。",
    main: "主模型",
    "main.none": "未配置主模型：Hermes 使用提供商给出的模型。",
    small: "上下文窗口小于 {least} 个词元时，Hermes 拒绝工作。",
    "override.bad": "model.context_length 的值“{value}”不是正整数：Hermes 会忽略它。",
    tokens: "{tokens} 个词元",
    window: "上下文窗口",
    "window.label": "上下文窗口为 {tokens} 个词元",
    "window.mark": "达到 {tokens}（{share}）时压缩",
    "window.fullest": "最满的聊天占用 {tokens} 个词元",
    "window.chat": "最满的聊天",
    "window.part": "内容",
    "window.tokens": "词元数",
    "window.share": "占比",
    "window.asked": "Hermes 会先询问提供商；其回答不保存，可能有所不同。",
    "window.listed": "models.dev 标为 {tokens}",
    "window.by.config": "由 config.yaml 设定",
    "window.by.custom_providers": "为该端点设定",
    "window.by.endpoint": "该端点的已知值",
    "window.by.cache": "由 Hermes 探得",
    "window.by.codex": "ChatGPT 登录的上限",
    "window.by.openrouter": "据 OpenRouter",
    "window.by.models_dev": "据 models.dev",
    "window.by.table": "据 Hermes 自带的表",
    "window.by.fallback": "Hermes 的推测值",
    compression: "压缩阈值",
    "compression.help": "提示达到此值时，Hermes 会总结之前的内容。",
    "compression.off": "从不：已关闭",
    "compression.unknown": "未知",
    output: "最长回答",
    effort: "推理强度",
    "effort.default": "提供商默认",
    "effort.none": "无",
    "effort.minimal": "极低",
    "effort.low": "低",
    "effort.medium": "中",
    "effort.high": "高",
    "effort.xhigh": "很高",
    price: "每百万输入 / 输出",
    "price.help": "每百万词元的标价（美元）。",
    "price.cached": "缓存输入：{usd}。",
    "price.included": "由订阅支付",
    "price.by.hermes": "Hermes 价目表",
    "price.by.openrouter": "OpenRouter 标价",
    "price.by.models_dev": "models.dev 标价",
    use: "{days} 天内使用",
    "use.none": "未使用",
    calls: "{count} 次调用",
    cost: "费用",
    knowledge: "知识截至",
    released: "发布于",
    "can.tools": "工具调用",
    "can.images": "图像",
    "can.reasoning": "推理",
    "can.structured": "结构化输出",
    "can.open_weights": "开放权重",
    "cannot.tools": "不支持工具",
    "cannot.images": "不支持图像",
    "cannot.reasoning": "不支持推理",
    chats: "最满的聊天",
    "chats.help": "网关各聊天最近一次提示",
    "chat.tokens": "{name}：{tokens} 个词元",
    "chat.open": "会话 {id}",
    "platform.other": "聊天",
    fallbacks: "备用模型",
    "fallbacks.help": "主模型失败时按此顺序使用",
    tasks: "辅助任务",
    "task.auto": "自动",
    "task.vision": "查看图像",
    "task.web_extract": "阅读网页",
    "task.compression": "压缩",
    "task.title_generation": "标题",
    "task.approval": "审批",
    "task.curator": "技能整理",
    "task.goal_judge": "目标评判",
    "task.background_review": "后台复盘",
    "task.skills_hub": "技能中心",
    "task.mcp": "MCP 服务器",
    "task.memory_query_rewrite": "记忆查询",
    "task.tts_audio_tags": "语音标记",
    "task.triage_specifier": "看板分诊",
    "task.kanban_decomposer": "看板拆分",
    "task.profile_describer": "配置档描述",
    "task.monitor": "监控",
    "task.moa_reference": "顾问模型",
    "task.moa_aggregator": "汇总模型",
    used: "其他模型",
    models: "{count} 个模型",
    "catalog.none": "Hermes 尚未获取 models.dev 目录：模型能力未知。",
  },
};
