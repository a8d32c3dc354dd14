// once.js - a form that was sent is not sent again by a second press of the same button, as by a double click: the page would show what became
// of the second, and what the first one answered (a password that is shown once) would be lost. Without scripts it is as browsers have it.
//
// It is loaded before the page is, for who presses while that is still coming. The second press of a double click may fall on the answer, which
// nobody has read by then: it presses nothing there either.

const quiet = 10_000; // ms: who waits longer may try again

document.addEventListener('submit', (event) => {
  const form = event.target;
  const button = event.submitter ?? form;
  if (event.defaultPrevented || form.method !== 'post' || 'again' in button.dataset) return;
  if (form.sentBy === button && event.timeStamp - form.sentAt < quiet) {
    event.preventDefault();
    return;
  }
  form.sentBy = button;
  form.sentAt = event.timeStamp;
});

// detail counts the presses of a double click, over pages too.
document.addEventListener('click', (event) => {
  const button = event.target.closest('button, input[type=submit]');
  if (event.detail > 1 && button?.form?.method === 'post' && !('again' in button.dataset)) event.preventDefault();
}, true);

// A page that comes back as it was left (the back button) is a new one.
window.addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) form.sentBy = undefined;
});
