package main

// problemsEN are the sentences about limits of zones, and about zones that do not work like others.
var problemsEN = texts{
	"no-limits":  "zones can have no limits here: %s",
	"plain-zone": "this zone is a plain folder; only one that was made with --limit can get another limit: %s",
	"zone-mount": "something is mounted on this zone, so its members reach it, but it is shared, closed and moved only by hand: %s",
	"quota":      "a quota of the file system is used up; raise it or remove files, then run the command again: %v",
	"read-only":  "the file system is mounted read-only: %v",

	"limits-other":       "%[1]s lies on no Btrfs",
	"limits-no-quotas":   "the quotas of the Btrfs are not enabled; to enable them: btrfs quota enable %[1]s",
	"limits-no-program":  "the program btrfs is missing; to install it: apt-get install btrfs-progs",
	"doctor-limits":      "note: zones can have limits (shzadm zone add --limit)\n",
	"doctor-no-landlock": "note: Landlock is not there or cannot be used here: the programs that answer requests reach all files of their user\n",
	"doctor-no-limits":   "note: zones can have no limits of their own; %s\n",

	"problem-other-mount": "something is mounted on it: members reach it, but it is shared, closed and moved only by hand, and a " +
		"backup that stays on one file system misses it",
	"problem-read-only":         "its file system is mounted read-only: files can be seen and taken, and nothing can be changed",
	"problem-no-acl":            "it has no access list: it is shared with nobody. Either it was lost: shzadm zone check says more, and after that share it again; or its file system has none",
	"problem-owner-gone":        "its owner exists no more: nobody can manage it; shzadm doctor says how to give it to somebody else",
	"problem-owner-not-manager": "its owner may not own zones (any more): he reaches it, but cannot manage it; shzadm doctor says more",
	"problem-shut":              "the permissions of its folder were narrowed (chmod) and keep out those on its list, or its owner; shzadm zone check says how to open it",
	"problem-everybody":         "everybody on the machine has permissions on its folder (chmod), with whom it is not shared too; shzadm zone apply takes them away",
	"problem-owner-wrong":       "it was given (chown) to somebody who may not own zones; shzadm doctor says how to give it back",
	"problem-bad-value":         "something that describes it was written by hand and is not well formed, so it counts for nothing; shzadm zone check says what",
	"problem-bad-keep":          "user.shz.keep was written by hand and is not well formed, so nothing in it goes because of its age; its owner chooses anew what stays, on the zone's page What goes when",
	"problem-no-id":             "it has no id: nothing that happens in it is recorded as its own; shzadm doctor says how to give it one",

	"finding-zone-mount": "%[1]s: something is mounted on this zone (%[2]s). Its members reach it, but Share Zone does not manage it, " +
		"and a backup may miss it",
	"finding-zone-read-only": "%[1]s is mounted read-only",
	"finding-zone-acls":      "%[1]s: the file system has no ACLs, so the zone cannot be shared",
}

// problemsIT are the same in Italian.
var problemsIT = texts{
	"no-limits":  "qui le aree non possono avere limiti: %s",
	"plain-zone": "quest'area è una cartella semplice; solo una creata con --limit può avere un altro limite: %s",
	"zone-mount": "su quest'area è montato qualcosa, quindi i membri la raggiungono, ma si condivide, si chiude e si sposta solo a mano: %s",
	"quota":      "una quota del file system è esaurita; alzarla o togliere file, poi ripetere il comando: %v",
	"read-only":  "il file system è montato in sola lettura: %v",

	"limits-other":       "%[1]s non sta su un Btrfs",
	"limits-no-quotas":   "le quote del Btrfs non sono attive; per attivarle: btrfs quota enable %[1]s",
	"limits-no-program":  "manca il programma btrfs; per installarlo: apt-get install btrfs-progs",
	"doctor-limits":      "nota: le aree possono avere limiti (shzadm zone add --limit)\n",
	"doctor-no-landlock": "nota: qui Landlock non c'è o non si può usare: i programmi che rispondono alle richieste raggiungono tutti i file del loro utente\n",
	"doctor-no-limits":   "nota: le aree non possono avere limiti propri; %s\n",

	"problem-other-mount": "vi è montato qualcosa: i membri la raggiungono, ma si condivide, si chiude e si sposta solo a mano, e una " +
		"copia di sicurezza che resta su un file system la salta",
	"problem-read-only":         "il suo file system è montato in sola lettura: i file si vedono e si scaricano, ma niente si può cambiare",
	"problem-no-acl":            "non ha un elenco di accesso: non è condivisa con nessuno. O è andato perso: shzadm zone check dice di più, e poi si condivide di nuovo; o il suo file system non ne ha",
	"problem-owner-gone":        "il suo proprietario non esiste più: nessuno può gestirla; shzadm doctor dice come darla a un altro",
	"problem-owner-not-manager": "il suo proprietario non può (più) possedere aree: la raggiunge, ma non può gestirla; shzadm doctor dice di più",
	"problem-shut":              "i permessi della sua cartella sono stati ristretti (chmod) e tengono fuori chi è nell'elenco, o il proprietario; shzadm zone check dice come riaprirla",
	"problem-everybody":         "tutti sulla macchina hanno permessi sulla sua cartella (chmod), anche chi non è nell'elenco; shzadm zone apply li toglie",
	"problem-owner-wrong":       "è stata data (chown) a chi non può possedere aree; shzadm doctor dice come restituirla",
	"problem-bad-value":         "qualcosa che la descrive è stato scritto a mano e non è ben scritto, quindi non vale niente; shzadm zone check dice che cosa",
	"problem-bad-keep":          "user.shz.keep è stato scritto a mano e non è ben scritto, perciò niente vi si elimina per la sua età; il proprietario sceglie di nuovo ciò che resta, alla pagina Cosa scade e quando dell'area",
	"problem-no-id":             "non ha un id: niente di ciò che vi succede viene registrato come suo; shzadm doctor dice come dargliene uno",

	"finding-zone-mount": "%[1]s: su quest'area è montato qualcosa (%[2]s). I membri la raggiungono, ma Share Zone non la gestisce, " +
		"e una copia di sicurezza può saltarla",
	"finding-zone-read-only": "%[1]s è montata in sola lettura",
	"finding-zone-acls":      "%[1]s: il file system non ha ACL, quindi l'area non si può condividere",
}
