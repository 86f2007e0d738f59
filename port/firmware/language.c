/* SPDX-License-Identifier: MIT */
/* The German texts (UTF-8) of AT+QHELP and AT+QERR, and AT+CLAN to choose a language (3GPP TS
 * 27.007 8.30). */
#include "port/firmware/language.h"
#include "port/firmware/firmware.h"
#include "port/firmware/text.h"

static bool german; /* AT+CLAN; English after each start */

/* clang-format off */
static const struct {
    const char *name;
    const char *text;
} help[] = {
    {"I", "Hersteller, Modell und Version. Die Version steht im Identitätssatz, den der Bootlader mit SHA-256 gegen das Abbild geprüft hat."},
    {"E", "Echo der empfangenen Zeichen: 1 ein, 0 aus."},
    {"V", "Ergebnisse: 1 als Wörter, 0 als Zahlen."},
    {"Q", "Ergebnisse: 0 gesendet, 1 unterdrückt."},
    {"S3", "Zeichen, das eine Befehlszeile beendet; 13 ist Wagenrücklauf."},
    {"S4", "Zeichen hinter dem Zeilenende in Antworten; 10 ist Zeilenvorschub."},
    {"S5", "Zeichen, das das vorige löscht; 8 ist Rückschritt."},
    {"Z", "Einstellungen, wie AT&W sie gespeichert hat."},
    {"&F", "Einstellungen ab Werk; bis AT&W nicht gespeichert."},
    {"&W", "Einstellungen speichern; sie überdauern Neustart und Aktualisierung."},
    {"+CMEE", "Fehler: 0 nur ERROR, 1 mit Zahl, 2 mit Text."},
    {"+IFC", "Flusskontrolle beider Richtungen: 0 keine, 2 RTS/CTS."},
    {"+IPR", "Geschwindigkeit der seriellen Leitung in Bit je Sekunde."},
    {"+CGMI", "Name des Herstellers."},
    {"+CGMM", "Name des Modells."},
    {"+CGMR", "Version der Firmware, wie die dritte Zeile von ATI."},
    {"+CGSN", "Internationale Gerätekennung: 15 Ziffern."},
    {"+CFUN", "Funktionsumfang: 0 kleinster, 1 voller, 4 ohne Funk; mit 1 dahinter startet das Modul vorher neu."},
    {"+QFUA", "Paket im Datenmodus empfangen. Auf CONNECT warten, das Paket senden wie es ist, dann +++. Mit einer Stelle: eine abgebrochene Übertragung fortsetzen."},
    {"+QFAI", "Empfang durch Befehle beginnen; 1 setzt eine abgebrochene Übertragung fort. Die Leseform nennt die sicher gespeicherten Bytes, ihre Gesamtzahl und ihre CRC-32."},
    {"+QFAW", "Die nächsten 1 bis 450 Bytes des Pakets, jedes als zwei hexadezimale Ziffern."},
    {"+QFAU", "Das Paket ist vollständig: prüfen, neu starten und aktualisieren."},
    {"+QHELP", "Diese Hilfe, zu allen Befehlen oder einem."},
    {"+QERR", "Bedeutung und Abhilfe der Codes in 'status=' und der Texte von +CME ERROR; aller oder eines."},
    {"+CLAN", "Sprache der Hilfe und der Fehlertexte von AT+QERR: en oder de."},
    {"+QTEST", "Selbsttest: bekannte Antworten von SHA-256, CRC-32 und Ed25519, die Textfunktionen, und die Prüfsumme des Abbilds."},
    {"+COPN", "Namen der Netzbetreiber, die das Modul kennt."},
    {"+QMCC", "Land einer Mobilfunk-Landeskennzahl, sein ISO-Code und seine Vorwahl."},
    {"+QGSM", "Der Text im gepackten 7-Bit-Alphabet der Kurznachrichten."},
    {"+QDAY", "Wochentag, Tag im Jahr, Tage seit 1970."},
    {"+QSH", "Diagnose: 'identity', 'journal', 'areas', 'sector <area> <n>', 'dump <area> <offset>', 'crc <area> <offset> <bytes>', 'uptime'."},
    {"+QHANG", "Den Watchdog nicht mehr bedienen: er startet das Modul neu. Für Tests."},
#if FIRMWARE_RELEASE >= 8
    {"+QCALC", "Ganzzahlen: + - * / % ( ) sqrt(). Zahlen dezimal oder 0x hexadezimal. Neu in dieser Ausgabe."},
#endif
};

static const struct {
    uint8_t code;
    const char *text;
    const char *remedy;
} errors[] = {
    {1, "Interner Fehler", "Mit Befehl und Dateien melden"},
    {2, "Falscher Aufruf", "Siehe --help des Befehls"},
    {3, "Datei kann nicht gelesen oder geschrieben werden", "Pfad, Rechte und freien Platz prüfen"},
    {4, "Ausgabedatei gibt es schon", "Anderen Namen angeben, oder -f zum Ersetzen"},
    {5, "Zu wenig Speicher", "Rechner mit mehr Speicher oder niedrigere Stufe verwenden"},
    {6, "Firmware-Abbild nicht verwendbar", "Rohes Abbild, Intel HEX oder ELF angeben, nicht leer"},
    {7, "Schlüssel nicht verwendbar", "Ed25519-Schlüssel in PEM-Form angeben, wie fota keygen ihn schreibt"},
    {10, "Kein fota-Paket, oder sein Kopf ist beschädigt", "Datei von fota diff unverändert senden"},
    {11, "Paket unvollständig", "Den Rest senden: die Übertragung kann dort weitergehen"},
    {12, "Version des Paketformats unbekannt", "Paket mit einer Ausgabe von fota erstellen, die dieses Gerät kennt"},
    {13, "Paket braucht eine Fähigkeit, die das Gerät nicht hat", "Paket ohne diese Fähigkeit erstellen, oder über eine Zwischenversion gehen"},
    {14, "Unterschrift falsch", "Paket wurde verändert oder nicht vom Hersteller unterschrieben: neu vom Hersteller holen"},
    {15, "Mit einem Schlüssel unterschrieben, dem das Gerät nicht traut", "Mit dem Schlüssel unterschreiben, dessen öffentliche Hälfte im Gerät ist"},
    {16, "Paket ist für ein anderes Produkt", "Das Paket dieses Produkts wählen"},
    {17, "Paket passt nicht zur Firmware im Gerät", "ATI lesen und das Paket für diese Version holen, oder ein vollständiges"},
    {18, "Diese Version ist schon da", "Nichts zu tun"},
    {19, "Sicherheitszähler zu niedrig: ältere Version abgelehnt", "Neuere Version verwenden, oder ein Rückschritt-Paket, das der Hersteller für diese Basis unterschrieben hat"},
    {20, "Paket wurde für eine andere Flash-Aufteilung erstellt", "Paket mit dem Profil dieses Geräts erstellen (fota diff --device)"},
    {21, "Paket braucht mehr Speicher zum Auspacken, als das Gerät hat", "Paket mit dem Profil dieses Geräts erstellen (fota diff --device)"},
    {22, "Paket zu groß für den Empfangsbereich", "Kleineres Paket erstellen: von einer näheren Basis aus"},
    {23, "Neues Abbild zu groß für seinen Platz", "Abbild verkleinern, oder seinen Platz vergrößern"},
    {24, "Paket beschädigt: Bytes unterwegs verloren oder verändert", "Hardware-Flusskontrolle einschalten (AT+IFC=2,2 und RTS/CTS verdrahtet) oder AT+QFAW verwenden, und neu senden"},
    {25, "Paket im Empfangsbereich beschädigt", "Paket neu senden; kommt der Fehler wieder, ist der Flash verbraucht"},
    {26, "Geschriebene Sektoren lesen sich anders zurück", "Flash verbraucht: vollständiges Paket senden, oder Gerät tauschen"},
    {27, "Firmware passt nicht zu ihrer Prüfsumme", "Vollständiges Paket senden"},
    {28, "Paketinhalt falsch gebaut", "Paket mit fota diff neu erstellen"},
    {29, "Mehr Bytes empfangen, als das Paket hat", "Nur das Paket senden, einmal; verdoppelte Bytes auf der Leitung suchen"},
    {30, "Keine Paketdaten empfangen", "Paket senden, bevor die Übertragung beendet wird"},
    {31, "Keine Übertragung begonnen", "Mit AT+QFAI beginnen"},
    {32, "Hardware-Flusskontrolle ist aus", "AT+IFC=2,2 setzen und RTS/CTS verdrahten, oder AT+QFAI, AT+QFAW und AT+QFAU verwenden"},
    {33, "Daten sind keine Paare hexadezimaler Ziffern", "1 bis 450 Bytes als Ziffernpaare 0-9, A-F in Anführungszeichen senden"},
    {34, "Mehr als 450 Bytes in einem AT+QFAW", "Höchstens 450 Bytes (900 Ziffern) je Befehl senden"},
    {35, "Übertragung kann an dieser Stelle nicht weitergehen", "Stelle mit AT+QFAI? erfragen, oder neu beginnen"},
    {36, "Zu lange keine Daten: Übertragung verlassen", "Neu beginnen, oder dort weitermachen"},
    {37, "Eine Aktualisierung läuft", "Warten, bis sie fertig ist"},
    {40, "Flash-Speicher meldet einen Fehler", "Strom aus und ein; kommt der Fehler wieder, Gerät tauschen"},
    {42, "Flash behält nicht, was geschrieben wird", "Flash verbraucht: Gerät tauschen"},
    {43, "Protokoll der Aktualisierung kann nicht geschrieben werden", "Flash verbraucht: Gerät tauschen"},
    {44, "Geräteprofil kann nicht funktionieren", "Die genannte Zeile verbessern"},
    {45, "Keine gültige Firmware", "Vollständiges Paket an den Bootlader senden"},
    {46, "Adresse außerhalb des Flash-Bereichs", "Mit dem Geräteprofil melden"},
    {57, "AT-Befehl nicht verstanden", "Siehe AT+QHELP"},
    {58, "Unterbrochen", "Noch einmal starten: nichts ging verloren"},
};
/* clang-format on */

const char *firmware_help_text(const char *name, const char *english)
{
    for (size_t i = 0; german && i < sizeof help / sizeof help[0]; i++) {
        if (firmware_text_equal(help[i].name, name)) {
            return help[i].text;
        }
    }
    return english;
}

void firmware_error_texts(unsigned code, const char **text, const char **remedy)
{
    for (size_t i = 0; german && i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i].code == code) {
            *text = errors[i].text;
            *remedy = errors[i].remedy;
        }
    }
}

enum fota_at_answer firmware_on_language(struct fota_at_server *s, enum fota_at_form form,
                                         const char *args, size_t n_args)
{
    (void)n_args;
    char name[8];
    if (form == FOTA_AT_READ) {
        fota_at_server_info(s, german ? "+CLAN: \"de\"" : "+CLAN: \"en\"");
        return FOTA_AT_DONE_OK;
    }
    if (!firmware_text_unquote(args, name, sizeof name) ||
        !(firmware_text_equal(name, "de") || firmware_text_equal(name, "en"))) {
        s->error = FOTA_E_SYNTAX;
        return FOTA_AT_DONE_ERROR;
    }
    german = name[0] == 'd';
    return FOTA_AT_DONE_OK;
}
