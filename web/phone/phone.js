"use strict";
/* The page is complete without this: it only looks again by itself. Nothing that has the reader's focus is
 * taken away; of a message that stays, only its ticks change. */
const list = document.querySelector("ol");

function button(item) {
  return item.querySelector(".button")?.getAttribute("href");
}

function take(now) {
  now.forEach((item, i) => {
    const was = list.children[i];
    if (!was) {
      list.append(item);
    } else if (was.contains(document.activeElement) && button(was) === button(item)) {
      was.querySelector(".meta").replaceWith(item.querySelector(".meta"));
    } else if (was.outerHTML !== item.outerHTML) {
      was.replaceWith(item);
    }
  });
}

async function look() {
  try {
    const answer = await fetch("/phone", { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    take([...page.querySelectorAll("ol > li")]);
  } catch {
    document.querySelector("#state").hidden = false;
  }
  setTimeout(look, 1000);
}

setTimeout(look, 1000);
