//! The people the demo announces, one per profile: name, password and what they are for.

use crate::people::Known;

macro_rules! known {
    ($($name:ident: $role:literal, $fr:literal, $en:literal, $profile:literal, $given:literal $family:literal $female:literal, $password:literal;)*) => {
        $(pub(crate) const $name: Known = Known {
            role: $role, label_fr: $fr, label_en: $en, profile: $profile,
            given: $given, family: $family, female: $female, password: $password,
        };)*
    };
}

known! {
    TEACHER: "teacher", "Enseignante dans un collège", "Teacher in one collège", "National_ENS",
        "Iris" "Basalte" true, "ajonc-bleu-31";
    TEACHER_TWO: "teacher-two-schools", "Enseignant dans un collège et un lycée", "Teacher in a collège and a lycée",
        "National_ENS", "Atlas" "Tramontane" false, "silex-rond-47";
    TEACHER_ECOLE: "teacher-ecole", "Professeure des écoles, classe de CM2", "École teacher, CM2 class", "National_ENS",
        "Flore" "Verveine" true, "craie-verte-12";
    PUPIL_CM2: "pupil-cm2", "Élève de CM2", "CM2 pupil", "National_ELV",
        "Io" "Mistral" true, "mica-dore-58";
    PUPIL_6E: "pupil-6e", "Élève de 6e", "Pupil in 6e", "National_ELV",
        "Titan" "Mistral" false, "quartz-gris-23";
    PUPIL_LYCEE: "pupil-lycee", "Élève de lycée", "Lycée pupil", "National_ELV",
        "Véga" "Obsidienne" true, "jaspe-rouge-64";
    PARENT: "parent", "Mère de deux enfants, à l'école et au collège", "Mother of two, one in an école, one in a collège",
        "National_TUT", "Maïa" "Mistral" true, "opale-claire-85";
    HEAD: "head", "Principale du collège", "Head of the collège", "National_DIR",
        "Junon" "Granite" true, "cedre-haut-19";
    CPE: "cpe", "Conseiller principal d'éducation", "Head of school life (CPE)", "National_EVS",
        "Rigel" "Aubépine" false, "onyx-noir-76";
    LIBRARIAN: "librarian", "Professeure documentaliste", "Librarian teacher", "National_DOC",
        "Thalie" "Sarriette" true, "agate-lisse-40";
    INSPECTOR: "inspector", "Inspecteur de l'éducation nationale", "Academy inspector", "National_ACA",
        "Altaïr" "Notos" false, "zephyr-doux-92";
    MUNICIPAL: "municipal", "Agente de la commune", "Municipal staff", "National_COL",
        "Psyché" "Lavande" true, "trefle-vert-53";
    TEACHER_NEXT: "teacher-neighbour", "Professeur des écoles, classe de CM2", "École teacher, CM2 class", "National_ENS",
        "Ariel" "Genêt" false, "ardoise-pale-36";
    PUPIL_NEXT: "pupil-neighbour", "Élève de CM2", "CM2 pupil", "National_ELV",
        "Larissa" "Galerne" true, "grenat-vif-71";
    HEAD_NEXT: "head-neighbour", "Directrice d'école", "Head of an école", "National_DIR",
        "Céto" "Calcaire" true, "houx-droit-28";
}
