# shellcheck shell=bash disable=SC2034,SC1112 # used by message.sh; ’ is an apostrophe
sentences=(
    [usage]='uso: ./install.sh [--demo] [--listen [INDIRIZZO:]PORTA] [--tls [--cert FILE --key FILE] | --no-tls]
     ./install.sh --dmz --backend http://INDIRIZZO:PORTA --cert FILE --key FILE [--listen [INDIRIZZO:]PORTA]
     ./install.sh --check | --uninstall [--purge] | --help

Compila Share Zone da questa copia dei sorgenti e lo installa; eseguito di nuovo aggiorna o ripara. Non chiede nulla.

  --demo                       con utenti, una zona e file di prova; in ascolto su 127.0.0.1:8080
  --listen [INDIRIZZO:]PORTA   dove ascolta Apache (80; un aggiornamento lascia ciò che trova)
  --tls                        https, sulla porta 443; con un certificato autofirmato se non ne viene indicato uno
  --cert FILE --key FILE       certificato (con gli intermedi) e chiave, PEM, letti dove si trovano
  --external [INDIRIZZO:]PORTA --proxy INDIRIZZO
                               un secondo ingresso, per i partner; risponde solo al reverse proxy di quell’indirizzo
  --no-external                di nuovo senza (senza né l’uno né l’altro un aggiornamento lascia ciò che trova)
  --dmz --backend URL          il reverse proxy per esso, su una macchina sua; con --uninstall: lo toglie
  --no-tls                     di nuovo http (senza né l’uno né l’altro un aggiornamento lascia ciò che trova)
  --uninstall                  rimuove Share Zone; restano zone, utenti, impostazioni, stato e registri
  --purge                      elimina anche impostazioni, stato, registri e chi ha fatto che cosa; restano zone e utenti
  --check                      non cambia nulla: è tutto come deve essere? (shzadm doctor)
  --help                       questo testo'
    [bad-option]='opzione sconosciuta: %s'
    [bad-address]='non è un indirizzo: "%s" (PORTA, IPV4:PORTA o [IPV6]:PORTA)'
    [bad-path]='%s vuole il percorso completo di un file, di lettere, cifre, spazi e ./_@%%+,:=~- ; non "%s"'
    [bad-backend]='non è un backend: "%s" (http://IPV4:PORTA o http://[IPV6]:PORTA)'
    [incomplete-dmz]='--dmz vuole --backend, --cert e --key, la prima volta'
    [not-with-dmz]='--dmz va solo con --backend, --cert, --key, --listen e --uninstall'
    [bad-peer]='non è l’indirizzo di un proxy: "%s" (IPV4 o IPV6)'
    [incomplete-external]='--external e --proxy vanno insieme'
    [incomplete-certificate]='--tls, --cert e --key vanno insieme'
    [only-purge]='--purge si usa con --uninstall'
    [not-with-uninstall]='--uninstall si usa da solo o con --purge'
    [not-installed]='Share Zone non è installato; eseguire prima ./install.sh'
    [running]='un altro install.sh è in esecuzione'
    [failed]='comando fallito: %s (%s, riga %s)'
    [unfinished]='non terminato; rimediare a quanto detto sopra ed eseguirlo di nuovo'

    [not-root]='va eseguito come root'
    [not-debian]='serve Debian 12 o più recente; questo è %s'
    [no-go]='serve Go %s o più recente, nel PATH o in /usr/local/go; non è presente (https://go.dev/dl/)'
    [old-go]='trovato soltanto %s; serve Go %s o più recente (https://go.dev/dl/)'
    [no-new-privs]='è in vigore no_new_privs, che toglie effetto ai programmi set-uid; eseguirlo fuori da quel container o servizio'
    [nosuid]='il file system di %s è montato nosuid e il gate non può diventare root; rimontarlo con suid'
    [wrong-www-data]='www-data ha uid %s anziché 33, il numero da cui il gate riconosce Apache'
    [foreign-account]='esiste un utente %s con uid %s che non è di sistema; rinominarlo'
    [not-folder]='%s sta al posto di una cartella, o è un collegamento; spostarlo (per un altro disco usare un bind mount)'
    [is-folder]='%s è una cartella al posto di un file o collegamento; spostarla'
    [incomplete]='la copia dei sorgenti in %s non è completa: manca %s'
    [same-port]='gli ingressi vogliono porte diverse, o ciascuno un indirizzo suo; dentro ha %s, fuori avrebbe %s'
    [foreign-address]='%s non è un indirizzo di questa macchina'
    [port-taken]='%s è occupato da %s; sceglierne un altro con --listen'
    [listener]='%s (processo %s)'
    [listener-unknown]='un processo che da qui non si vede'
    [foreign-user]='--demo usa il nome %s, ma esiste già un utente che non è stato creato da Share Zone'
    [foreign-group]='--demo usa il nome %s, ma esiste già un gruppo con questo nome'
    [foreign-zone]='--demo usa la zona demo, ma %s non è di anna'
    [no-acl]='il file system di %s non ha le ACL POSIX (ext4, XFS e Btrfs le hanno)'
    [no-xattr]='il file system di %s non ha gli attributi estesi utente (ext4, XFS e Btrfs li hanno)'
    [no-packages]='non è stato possibile installare questi pacchetti: %s'
    [no-build]='non è stato possibile compilare i programmi'
    [no-npm]='non è stato possibile scaricare i pacchetti per il foglio di stile e lo script'
    [no-bundle]='non è stato possibile creare il foglio di stile o lo script'
    [no-mount]='non è stato possibile montare %s; in un container fornirlo come volume con nosuid,nodev,noexec'
    [bad-sudoers]='etc/sudoers.d/sharezone non è valido'
    [no-sudo]='sudo non permette a %s di eseguire %s; verificare che /etc/sudoers legga /etc/sudoers.d (@includedir) e che nessuna regola successiva lo vieti'
    [bad-apache]='la configurazione di Apache non è valida; se il file è in %s, correggerlo lì'
    [bad-sshd]='la configurazione di sshd non è valida'
    [bad-certificate]='%s non è un certificato in formato PEM'
    [bad-key]='%s non è una chiave privata in formato PEM senza passphrase'
    [other-key]='%s non è la chiave del certificato %s'
    [open-key]='%s può essere letto da chiunque su questa macchina; togliere il permesso con chmod o='
    [no-certificate]='openssl non è riuscito a creare un certificato'
    [no-apache]='Apache non è partito o non si è fermato come doveva; vedere %s/error.log'

    [warning-update]='attenzione: non è stato possibile aggiornare gli elenchi dei pacchetti'
    [warning-fstab]='attenzione: %s non ha in /etc/fstab una riga con %s; senza, le opzioni si perdono al prossimo avvio'
    [warning-certificate]='attenzione: il certificato %s scade il %s'
    [warning-limit]='attenzione: il kernel non accetta /etc/apache2-sharezone-dmz/limit.nft; un solo indirizzo può prendersi tutte le connessioni'
    [warning-mounted]='attenzione: %s è in uso e resta montato; smontarlo ed eseguire di nuovo il comando'
    [lost]='attenzione: manca %s, con quello che conteneva, e non viene rifatta: va rimessa dalla copia di sicurezza (shzadm doctor)'
    [kept]='lasciato %s, modificato su questa macchina; quello fornito è %s'
    [kept-retired]='lasciato %s, che questa versione non ha più: contiene qualcosa di questa macchina'
    [left]='Che cosa resta di impostazioni e stato:'
    [left-purge]='Per eliminare anche questo: ./install.sh --uninstall --purge'
    [left-zones]='Le zone restano in %s, con tutti i file, i proprietari e le ACL, e con esse i gruppi shz* e il registro degli uid;
un nuovo ./install.sh le ritrova. Chi non ne vuole più: eliminarle con rm, poi ./install.sh --uninstall --purge'
    [left-unseen]='Possono esserci zone su un file system che ora non è montato in %s. Perciò il registro degli uid, %s, resta,
e con esso i gruppi shz*: chi ricevesse un numero già usato erediterebbe dei file. Montarlo ed eseguire di nuovo ./install.sh
--uninstall --purge; se non ci sono più zone, eliminare prima il registro con rm.'
    [left-people]='Restano gli utenti creati da Share Zone: %s (per eliminarne uno: userdel NOME)'

    [installing]='installazione dei pacchetti: %s'
    [made-group]='creato il gruppo %s'
    [made-user]='creato l’utente %s'
    [mended-user]='riparato l’utente %s: home, shell, gruppi, nessuna password'
    [made-folder]='creata la cartella %s'
    [made-link]='creato il collegamento %s a %s'
    [made-file]='creato %s'
    [replaced-file]='sostituito %s'
    [owned]='assegnato %s a %s'
    [set-mode]='impostati i permessi di %s a %s'
    [set-acl]='impostata l’ACL di %s'
    [mounted]='montato %s'
    [remounted]='rimontato %s con %s'
    [added-to-fstab]='aggiunto a /etc/fstab: %s'
    [apache-enabled]='istanza Apache %s: parte con la macchina'
    [apache-started]='istanza Apache %s: avviata su %s'
    [apache-restarted]='istanza Apache %s: riavviata su %s'
    [apache-reloaded]='istanza Apache %s: configurazione riletta'
    [apache-disabled]='istanza Apache %s: non parte più con la macchina'
    [apache-ended]='istanza Apache %s: fermata'
    [limited]='i client della porta %s: al massimo 60 connessioni da un indirizzo'
    [made-certificate]='creato un certificato autofirmato, %s; la sua impronta SHA-256: %s'
    [purging-events]='eliminazione dei %s file in %s, che dicono chi ha fatto che cosa in quale zona'
    [removed]='eliminato %s'
    [removed-from-fstab]='tolto da /etc/fstab: %s'
    [removed-user]='eliminato l’utente %s'
    [removed-group]='eliminato il gruppo %s'
    [default-apache-ended]='istanza Apache predefinita: fermata e disabilitata (era arrivata con il pacchetto)'
    [spool-watched]='systemd avvia il worker alla fine di ogni richiesta'
    [sshd-reloaded]='sshd: configurazione riletta'
    [made-person]='creato l’utente %s (%s)'
    [made-zone]='creata la zona %s di %s'
    [shared-zone]='zona %s: %s può scrivere'
    [delivered]='messo %s nella zona %s'
    [nothing-to-change]='nulla da cambiare'

    [demo-text-it]="${sentences[demo-text-it]}"
    [demo-text-en]="${sentences[demo-text-en]}"
    [demo-url]='Share Zone: %s'
    [demo-unchanged]='(password invariata; per impostarne un’altra: passwd %s)'
)
