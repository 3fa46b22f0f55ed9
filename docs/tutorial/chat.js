// The chat: says by POST to /chat, hears by server-sent events of /sse. `?api=` names another address of the two.
const api = new URLSearchParams(location.search).get("api") ?? "http://localhost:8080/jippity";
const state = document.querySelector("#state");
const discussion = document.querySelector("#discussion");
const form = document.querySelector("#chat");

function show(text) {
  const line = document.createElement("li");
  line.textContent = text;
  discussion.append(line);
}

// The browser comes back by itself after an interruption, and goes on after the last event it had.
const events = new EventSource(`${api}/sse`);
events.addEventListener("open", () => { state.textContent = "connected"; });
events.addEventListener("error", () => { state.textContent = "connecting"; });
events.addEventListener("message", (event) => show(event.data));
events.addEventListener("gap", () => show("(some of the discussion is missing here)"));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = form.elements.text.value;
  form.reset();
  try {
    const answer = await fetch(`${api}/chat`, { method: "POST", headers: { "Content-Type": "text/plain" }, body });
    if (!answer.ok) show(`(not sent: ${(await answer.json()).detail})`);
  } catch {
    show("(not sent: the gateway does not answer)");
  }
});
