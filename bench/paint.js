/* In the page: when was each nonce on screen? Needs tests/browser/probe.js.

   A nonce counts as visible when its first letter is what a mouse would hit there: neither hidden nor scrolled
   away nor covered. Its time is that of the second animation frame after it was visible text: what the first of
   them laid out has then been painted. With `bench.isFollowing`, what is out of sight is scrolled to, which costs
   one frame more. With `bench.isCounting`, a text that is but a number is noticed, too, once for each number. */
(() => {
  const PATTERN = /bench-[0-9a-f]{12}/g;
  const NUMBER = /^\d+$/g;
  const MOST_FRAMES = 600;
  const bench = { painted: {}, isFollowing: false, isCounting: false };
  window.bench = bench;
  const seen = new Set();
  const observed = new WeakSet();

  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const now = () => performance.timeOrigin + performance.now();
  bench.now = now;

  /* Watches every HUD that is in the page now; returns how many there are. */
  bench.observe = () => {
    const roots = window.probe.huds().map((hud) => hud.getRootNode());
    for (const root of roots) {
      if (observed.has(root)) continue;
      observed.add(root);
      const watch = { subtree: true, childList: true, characterData: true };
      new MutationObserver((records) => records.forEach(look)).observe(root, watch);
    }
    return roots.length;
  };

  const look = (record) => {
    const nodes = record.type === "characterData" ? [record.target] : record.addedNodes;
    for (const node of nodes) {
      if (node.nodeType === Node.TEXT_NODE) notice(node);
      else if (bench.isCounting || node.textContent.includes("bench-")) {
        const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) notice(walker.currentNode);
      }
    }
  };

  const notice = (text) => {
    const words = [...text.data.matchAll(PATTERN), ...(bench.isCounting ? text.data.matchAll(NUMBER) : [])];
    for (const { 0: word, index } of words) {
      // Of a word that stands in several places, the first that can be seen counts; another may be gone by then.
      if (!seen.has(word)) confirm(word, text, index);
    }
  };

  const confirm = async (word, text, index) => {
    for (let frames = 0; frames < MOST_FRAMES; frames++) {
      await frame();
      if (seen.has(word) || !text.isConnected || !text.data.includes(word)) return;
      if (!isVisible(text, index)) {
        if (bench.isFollowing) text.parentElement.scrollIntoView({ block: "center" });
        continue;
      }
      seen.add(word);
      await frame();
      bench.painted[word] = now();
      return;
    }
  };

  const isVisible = (text, index) => {
    const range = document.createRange();
    range.setStart(text, index);
    range.setEnd(text, index + 1);
    const box = range.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) return false;
    const hit = text.getRootNode().elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return hit !== null && (text.parentElement === hit || text.parentElement.contains(hit));
  };

  /* Runs a cell; milliseconds from its execute request until text that matches `pattern` was painted by a HUD in
     that cell's output; null: not within `limit` ms. */
  bench.open = async (path, index, pattern, limit) => {
    const panel = window.probe.panel(path);
    const cell = panel.content.widgets[index].node;
    const wanted = new RegExp(pattern);
    const shows = () => window.probe.all("[data-hermes-hud]", cell).some((hud) => wanted.test(hud.innerText));
    const sent = await window.probe.run(path, index, false);
    const shown = await window.probe.when(shows, limit);
    return shown === null ? null : shown - sent;
  };
})();
