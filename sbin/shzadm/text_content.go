package main

// contentEN are the sentences about what lies in zones.
var contentEN = texts{
	"help zone apply": `usage: shzadm zone apply NAME [--sure] [--json]

Makes what lies in a zone carry what its root says: missing entries are added, others taken away, the
file's group and everybody get nothing, folders pass on the zone's entries and are sticky, and files can
be changed by nobody but their owners. What somebody shut stays shut: no mask is made wider;
"zone check" names it, with the command that opens it.

Where most of what lies in the zone still names somebody whom its root does not, because the root lost its
list or a part of it, nothing is changed: they are named, with the command that shares with them again.

  --sure   put them out all the same

Exit code 1 means that something was left as it was; it is listed.
`,
	"help zone open": `usage: shzadm zone open NAME [PATH] [--json]

Opens a zone that was shut for everybody but its owner (chmod 700 on its folder): those in its list
have again what the list says. With PATH a file in it that was shut (chmod 600) or lost its list, or a
folder with everything in it; owners stay. "zone check" names what is shut.
`,
	"help zone transfer": `usage: shzadm zone transfer NAME --owner USER [--json]

Gives a zone, and what its owner has in it, to another manager, who takes his place in all its lists.
Run again after an interruption, it goes on.

  --owner USER   the new owner
`,
	"help zone remove": `usage: shzadm zone remove NAME PATH... [--json]

Removes files and folders of a zone, with everything in them, whoever brought them. A PATH is below the
zone: "drawings/old.pdf". Exit code 1 means that something stays.
`,
	"help zone take": `usage: shzadm zone take NAME PATH [--json]

Makes a folder the zone's owner's, with the rights that a folder of the zone has: whoever made it may
have shut it, and loses it. What is in it keeps its owners; "zone apply" mends their rights. What belongs
to nobody of Share Zone, because root or a backup put it there, can be taken too, also a file.
`,
	"help zone check": `usage: shzadm zone check NAME [--json]

Compares what lies in a zone with what its root makes of it. Each finding has two lines: what is wrong,
and the command that mends it. Exit code 1 if there is any.
`,
	"help zone space": `usage: shzadm zone space NAME [--json]

Adds up what a zone takes on the disk, in bytes, by person and by name at its top.
`,
	"zone-applied":     "Zone %[1]s: changed folders %[3]d, files %[4]d\n",
	"zone-transferred": "Zone %[1]s is %[2]s's now (changed: folders %[3]d, files %[4]d)\n",
	"zone-taken":       "Zone %[1]s: what is %[2]s's now: folders %[3]d, files %[4]d\n",
	"zone-opened":      "Zone %[1]s: opened folders %[3]d, files %[4]d\n",
	"zone-removed":     "removed: %[1]s\n",
	"zone-not-removed": "stays: %[2]s\n",
	"zone-busy":        "another change of this zone is under way; try again later: %s",
	"zone-path":        "not a path below a zone: %s",
	"reserved-name":    "names that begin with .shz- are Share Zone's own: %s",
	"linked":           "this file has several names, perhaps in another zone too; it is left alone until it has one: %s",
	"exchanged":        "this was moved or exchanged for something else meanwhile; nothing was done: %s",
	"no-folder":        "this is no folder: %s",
	"foreign":          "this belongs to nobody of Share Zone; shzadm zone take gives it to the owner of the zone: %s",
	"not-allowed":      "the system refused: %s",
	"in-the-way":       "another file system is mounted there: %s",

	"space":        "Zone %s: %d bytes in %d files and %d folders; free: %d; limit: %s\n",
	"space-people": "\n         BYTES     FILES  OWNER\n",
	"space-top":    "\n         BYTES     FILES  NAME\n",

	"space-quota":       " (on this file system: %d of %d bytes)",
	"space-quota-files": " (on this file system: %d of %d files and folders)",

	"drift-none":           "Zone %s: nothing differs from what its root says\n",
	"drift-apply":          "To mend %d of these at once: %s\n",
	"drift-puts-out":       "In most of the lists in the zone, and not in its own, there are still %[1]d: %[2]s. To share with them again, first: shzadm zone share %[3]s %[2]s; to put them out: %[4]s\n",
	"drift-gains":          "An entry of one's own decides alone: mended, these would get more than now, by groups on the list: %s. To do it all the same: %s\n",
	"drift-lost":           "%[1]s lacks entries of the zone: %[3]s",
	"drift-extra":          "%[1]s has entries that the zone does not give: %[2]s",
	"drift-odd":            "%[1]s has entries that are none of read, write and drop; with r-- one lists the names at its top and nothing more: %[2]s",
	"drift-default":        "%[1]s: what is made in it inherits %[2]s; it must be %[3]s",
	"drift-group":          "%[1]s: its group has permissions: %[2]s",
	"drift-shared-group":   "%[1]s: its group has permissions, and others are in that group: %[2]s",
	"drift-other":          "%[1]s: everybody has permissions: %[2]s",
	"drift-sticky":         "%[1]s is %[2]s; it must be %[3]s, so that nobody removes what is another's",
	"drift-wide":           "%[1]s can be changed or executed by others than its owner: %[2]s",
	"drift-shut":           "%[1]s is shut, or lost its list: %[2]s. To open it, where that is wanted:",
	"drift-owns":           "%[1]s belongs to %[2]s, who may only read in this zone, and can still write in it. To give it to the owner:",
	"drift-owner":          "%[1]s belongs to %[2]s, who is nobody of Share Zone, or may own no zones",
	"drift-unlisted":       "the list of %[1]s was lost, or is not whole: in those of what lies in it there are still: %[2]s. Who could only deliver is in none. To share it with them again, before whom you do not want is taken off:",
	"drift-no-list":        "%[1]s has no list any more, and no list in the zone says with whom it was shared. To make it a zone that is shared with nobody, which can be shared again:",
	"drift-nobody":         "%[1]s is shared with %[2]s, which is nobody",
	"drift-linked":         "%[1]s has %[2]s names, perhaps in another zone too; it is left alone until it has one",
	"drift-immutable":      "%[1]s cannot be changed by anybody (chattr)",
	"drift-value":          "%[1]s: what describes the zone is not well formed, and counts for nothing: %[2]s",
	"drift-keep":           "%[1]s: what is to stay in it cannot be understood, so nothing goes because of its age; its owner chooses anew on the page What goes when: %[2]s",
	"drift-mount":          "%[1]s is another file system and was not looked into",
	"drift-no-id":          "%[1]s has no id (user.shz.id), so nothing is recorded as its own",
	"drift-reserved-trash": "%[1]s belongs to %[2]s and has the name of somebody's trash; its owner or you give it another (mv), or you remove it with all that is in it:",
	"drift-reserved":       "%[1]s belongs to %[2]s and has a name that no page shows; its owner or you give it another (mv)",
	"drift-unread":         "%[1]s: %[2]s",

	"finding-zone-unlisted":    "the list of %[1]s was lost, or is not whole: in those of what lies in it there are still: %[2]s. Who could only deliver is in none",
	"finding-zone-drift":       "%[1]s: what lies in it differs from what its root says (%[2]s); shzadm zone check says where",
	"doctor-left":              "note: %s: %d to be looked at by a person: shzadm zone check %s\n",
	"doctor-partial":           "note: %s is large and was looked at only in part; shzadm zone check looks at all of it\n",
	"finding-delegation-zones": "%[1]s is not in force for managers, so they cannot change what others brought to their zones: %[2]s",
}

// contentIT are the same in Italian.
var contentIT = texts{
	"help zone apply": `uso: shzadm zone apply NOME [--sure] [--json]

Dà a ciò che sta in un'area quello che dice la sua radice: le voci mancanti si aggiungono, le altre si
tolgono, il gruppo del file e tutti gli altri non hanno nulla, le cartelle trasmettono le voci dell'area
e sono sticky, e i file li cambia solo il loro proprietario. Ciò che qualcuno ha chiuso resta chiuso:
nessuna maschera si allarga; "zone check" lo nomina, con il comando che lo apre.

Se quasi tutto ciò che sta nell'area nomina ancora qualcuno che la sua radice non nomina, perché ha perso
il suo elenco o una parte, non cambia niente: dice chi è, con il comando che la condivide di nuovo.

  --sure   li toglie lo stesso

Il codice di uscita 1 significa che qualcosa è rimasto com'era; è elencato.
`,
	"help zone open": `uso: shzadm zone open NOME [PERCORSO] [--json]

Riapre un'area chiusa per tutti tranne il proprietario (chmod 700 sulla sua cartella): chi è nel suo
elenco ha di nuovo ciò che l'elenco dice. Con PERCORSO un suo file chiuso (chmod 600) o che ha perso il
suo elenco, o una cartella con tutto ciò che contiene; i proprietari restano. "zone check" nomina ciò
che è chiuso.
`,
	"help zone transfer": `uso: shzadm zone transfer NOME --owner UTENTE [--json]

Dà un'area, e ciò che il suo proprietario vi ha dentro, a un altro gestore, che prende il suo posto in
tutti gli elenchi. Ripetuto dopo un'interruzione, prosegue.

  --owner UTENTE   il nuovo proprietario
`,
	"help zone remove": `uso: shzadm zone remove NOME PERCORSO... [--json]

Elimina file e cartelle di un'area, con tutto ciò che contengono, chiunque li abbia portati. Un PERCORSO
parte dall'area: "disegni/vecchio.pdf". Il codice di uscita 1 significa che qualcosa resta.
`,
	"help zone take": `uso: shzadm zone take NOME PERCORSO [--json]

Dà una cartella al proprietario dell'area, con i diritti che ha una cartella dell'area: chi l'ha creata
può averla chiusa, e la perde. Ciò che contiene resta di chi era; "zone apply" ne corregge i diritti. Si
può prendere anche ciò che non è di nessuno di Share Zone, messo lì da root o da una copia: pure un file.
`,
	"help zone check": `uso: shzadm zone check NOME [--json]

Confronta ciò che sta in un'area con quello che ne fa la sua radice. Ogni problema ha due righe: che cosa
non va, e il comando che lo corregge. Codice di uscita 1 se ce n'è qualcuno.
`,
	"help zone space": `uso: shzadm zone space NOME [--json]

Somma ciò che un'area occupa sul disco, in byte, per persona e per nome al primo livello.
`,
	"zone-applied":     "Area %[1]s: cambiati cartelle %[3]d, file %[4]d\n",
	"zone-transferred": "L'area %[1]s è ora di %[2]s (cambiati: cartelle %[3]d, file %[4]d)\n",
	"zone-taken":       "Area %[1]s: ciò che ora è di %[2]s: cartelle %[3]d, file %[4]d\n",
	"zone-opened":      "Area %[1]s: aperti cartelle %[3]d, file %[4]d\n",
	"zone-removed":     "eliminato: %[1]s\n",
	"zone-not-removed": "resta: %[2]s\n",
	"zone-busy":        "è in corso un'altra modifica di quest'area; riprovare più tardi: %s",
	"zone-path":        "non è un percorso in un'area: %s",
	"reserved-name":    "i nomi che cominciano con .shz- sono di Share Zone: %s",
	"linked":           "questo file ha più nomi, forse anche in un'altra area; non si tocca finché non ne ha uno: %s",
	"exchanged":        "nel frattempo è stato spostato o scambiato con altro; non è stato fatto nulla: %s",
	"no-folder":        "questa non è una cartella: %s",
	"foreign":          "non è di nessuno di Share Zone; shzadm zone take lo dà al proprietario dell'area: %s",
	"not-allowed":      "il sistema ha rifiutato: %s",
	"in-the-way":       "vi è montato un altro file system: %s",

	"space":        "Area %s: %d byte in %d file e %d cartelle; liberi: %d; limite: %s\n",
	"space-people": "\n          BYTE      FILE  PROPRIETARIO\n",
	"space-top":    "\n          BYTE      FILE  NOME\n",

	"space-quota":       " (su questo file system: %d di %d byte)",
	"space-quota-files": " (su questo file system: %d di %d file e cartelle)",

	"drift-none":           "Area %s: niente differisce da ciò che dice la sua radice\n",
	"drift-apply":          "Per correggerne %d in una volta: %s\n",
	"drift-puts-out":       "In quasi tutti gli elenchi di ciò che l'area contiene, e non nel suo, ci sono ancora %[1]d: %[2]s. Per condividerla di nuovo con loro, prima: shzadm zone share %[3]s %[2]s; per toglierli: %[4]s\n",
	"drift-gains":          "La voce di una persona decide da sola: mettendo a posto, questi avrebbero più di adesso, per gruppi che sono nell'elenco: %s. Per farlo lo stesso: %s\n",
	"drift-lost":           "%[1]s non ha voci dell'area: %[3]s",
	"drift-extra":          "%[1]s ha voci che l'area non dà: %[2]s",
	"drift-odd":            "%[1]s ha voci che non sono né read, né write, né drop; con r-- si elencano i nomi in cima e nient'altro: %[2]s",
	"drift-default":        "%[1]s: ciò che vi si crea eredita %[2]s; deve essere %[3]s",
	"drift-group":          "%[1]s: il suo gruppo ha permessi: %[2]s",
	"drift-shared-group":   "%[1]s: il suo gruppo ha permessi, e in quel gruppo ci sono altri: %[2]s",
	"drift-other":          "%[1]s: tutti hanno permessi: %[2]s",
	"drift-sticky":         "%[1]s è %[2]s; deve essere %[3]s, perché nessuno tolga ciò che è di altri",
	"drift-wide":           "%[1]s può essere cambiato o eseguito da altri che il suo proprietario: %[2]s",
	"drift-shut":           "%[1]s è chiusa, o ha perso il suo elenco: %[2]s. Per aprirla, se lo si vuole:",
	"drift-owns":           "%[1]s è di %[2]s, che in quest'area può solo leggere e lì può ancora scrivere. Per darla al proprietario:",
	"drift-owner":          "%[1]s è di %[2]s, che non è di Share Zone o non può possedere aree",
	"drift-unlisted":       "l'elenco di %[1]s è andato perso, o non è completo: negli elenchi di ciò che contiene ci sono ancora: %[2]s. Chi poteva solo consegnare non è in nessuno. Per condividerla di nuovo con loro, prima di togliere chi non si vuole:",
	"drift-no-list":        "%[1]s non ha più un elenco, e nessun elenco nell'area dice con chi era condivisa. Per farne un'area non condivisa con nessuno, da condividere di nuovo:",
	"drift-nobody":         "%[1]s è condivisa con %[2]s, che non è nessuno",
	"drift-linked":         "%[1]s ha %[2]s nomi, forse anche in un'altra area; non si tocca finché non ne ha uno",
	"drift-immutable":      "%[1]s non può essere cambiato da nessuno (chattr)",
	"drift-value":          "%[1]s: ciò che descrive l'area non è ben scritto, e non vale niente: %[2]s",
	"drift-keep":           "%[1]s: ciò che deve restarvi non si capisce, perciò niente si elimina per la sua età; il proprietario sceglie di nuovo alla pagina Cosa scade e quando: %[2]s",
	"drift-mount":          "%[1]s è un altro file system e non è stato guardato",
	"drift-no-id":          "%[1]s non ha un id (user.shz.id), quindi niente viene registrato come suo",
	"drift-reserved-trash": "%[1]s è di %[2]s e ha il nome del cestino di qualcuno; gliene dà un altro (mv) chi la possiede, o tu, oppure la togli con tutto quello che contiene:",
	"drift-reserved":       "%[1]s è di %[2]s e ha un nome che nessuna pagina mostra; gliene dà un altro (mv) chi la possiede, o tu",
	"drift-unread":         "%[1]s: %[2]s",

	"finding-zone-unlisted":    "l'elenco di %[1]s è andato perso, o non è completo: negli elenchi di ciò che contiene ci sono ancora: %[2]s. Chi poteva solo consegnare non è in nessuno",
	"finding-zone-drift":       "%[1]s: ciò che contiene differisce da quello che dice la sua radice (%[2]s); shzadm zone check dice dove",
	"doctor-left":              "nota: %s: %d da guardare da una persona: shzadm zone check %s\n",
	"doctor-partial":           "nota: %s è grande ed è stata guardata solo in parte; shzadm zone check la guarda tutta\n",
	"finding-delegation-zones": "%[1]s non vale per i gestori, che così non possono cambiare ciò che altri hanno portato nelle loro aree: %[2]s",
}
