// select2, which Django admin brings, leaves its fields without a name: they get that of the row's label.
function nameFields() {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const label = document.querySelector(`label[for="${select.id}"]`);
    const box = select.nextElementSibling;
    if (label && box?.classList.contains("select2")) nameBox(box, label, select.id);
  }
}

function nameBox(box, label, id) {
  label.id ||= `${id}_label`;
  for (const part of box.querySelectorAll(".select2-search__field, [role=combobox], [role=textbox]")) {
    const names = (part.getAttribute("aria-labelledby") ?? "").split(" ");
    if (!names.includes(label.id)) part.setAttribute("aria-labelledby", [label.id, ...names].join(" ").trim());
  }
}

// It makes its fields after the page is read, and again as choices change.
new MutationObserver(nameFields).observe(document.documentElement, { childList: true, subtree: true });
