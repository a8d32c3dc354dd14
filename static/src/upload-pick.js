// upload-pick.js - what people choose or drop: files with their paths, and folders, also empty ones.
// A path is a list of names. What cannot be read is in unreadable.

// fromInput is what a file field holds; those of a folder field have the folder in their paths, and no empty folders.
export function fromInput(list) {
  const files = [...list].map((file) => ({ file, path: (file.webkitRelativePath || file.name).split('/') }));
  return { files, folders: [], unreadable: [] };
}

// fromDrop is what was dropped. The browser forgets it when the event is over, so everything is taken at once, and read
// afterwards.
export async function fromDrop(transfer) {
  const found = { files: [], folders: [], unreadable: [] };
  const entries = [];
  for (const item of transfer.items) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry?.();
    const file = entry ? null : item.getAsFile();
    if (entry) entries.push(entry);
    if (file) found.files.push({ file, path: [file.name] });
  }
  for (const entry of entries) await walk(entry, [], found);
  return found;
}

async function walk(entry, above, found) {
  const path = [...above, entry.name];
  try {
    if (entry.isFile) {
      found.files.push({ file: await new Promise((well, ill) => entry.file(well, ill)), path });
      return;
    }
    found.folders.push(path);
    const reader = entry.createReader();
    for (;;) {
      // Chromium gives a hundred at a time, and says by an empty list that there are no more.
      const some = await new Promise((well, ill) => reader.readEntries(well, ill));
      if (some.length === 0) return;
      for (const below of some) await walk(below, path, found);
    }
  } catch {
    found.unreadable.push(path);
  }
}
