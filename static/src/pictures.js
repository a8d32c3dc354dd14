// pictures.js - where no small picture comes after all (the file is damaged, or too many are being made), its words stand in its place as a
// link, without the browser's broken frame. Without scripts the browser shows them beside that.

for (const picture of document.querySelectorAll('.entry-view img')) {
  const replace = () => picture.replaceWith(picture.alt);
  picture.addEventListener('error', replace);
  if (picture.complete && picture.naturalWidth === 0) replace(); // it was before this script
}
