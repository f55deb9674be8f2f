/**
 * What the access policy must answer, written by hand from the requirements and not from the rules:
 * one line for each situation, `who@organization | purpose | situation | action class+LABEL, … |
 * outcome reason`. Several classes and actions in one line are as many cells.
 */
export const EXPECTED_CELLS = `
# Clinicians read and write the record of whom they treat; a nurse does not prescribe.
doctor@hospital  | TREAT | treating | read basics,encounter,condition,allergy,medication,procedure,immunization,result,report,order,document,note,vitals,device,other | permit treating
nurse@clinic     | TREAT | treating-at-clinic | read basics,encounter,condition,allergy,medication,procedure,immunization,result,report,order,document,note,vitals,device,other | permit treating
doctor@hospital  | ETREAT | treating | read condition | permit treating
doctor@hospital  | TREAT | treating | create,amend,delete encounter,condition,allergy,medication,procedure,immunization,result,report,order,document,note,vitals | permit treating
doctor@hospital  | TREAT | treating | prescribe vitals | permit treating
nurse@hospital   | TREAT | treating | create,amend,delete encounter,condition,allergy,procedure,immunization,result,report,order,document,note,vitals | permit treating
nurse@hospital   | TREAT | treating | create,amend,delete medication | deny no_prescriber
nurse@hospital   | TREAT | treating | prescribe vitals | deny no_prescriber
doctor@hospital  | TREAT | treating | register basics | permit registration
doctor@hospital  | TREAT | stranger | register basics | permit registration
nurse@clinic     | TREAT | stranger | register basics | permit registration
doctor@hospital  | TREAT | stranger | register condition | deny not_permitted
doctor@hospital  | TREAT | treating | share,represent,account,correct,export,erase condition | deny not_permitted
# Without a live relation of the own organization there is nothing.
doctor@hospital  | TREAT | stranger | read,create,amend,delete,prescribe condition,medication,vitals | deny not_permitted
nurse@hospital   | TREAT | stranger | read,create,amend,delete condition,vitals | deny not_permitted
doctor@hospital  | TREAT | treating-ended | read,create condition | deny not_permitted
doctor@hospital  | TREAT | treating-not-begun | read,create condition | deny not_permitted
doctor@hospital  | TREAT | treating-at-clinic | read,create condition | deny not_permitted
doctor@hospital  | TREAT | self | read,create condition | deny not_permitted
# Purposes and organizations.
doctor@hospital  | HPAYMT | treating | read condition | deny wrong_purpose
doctor@hospital  | BTG   | treating | read condition | deny wrong_purpose
doctor@insurer   | TREAT | treating-at-insurer | read,create condition | deny wrong_organization
nurse@insurer    | TREAT | treating-at-insurer | read vitals | deny wrong_organization
patient@insurer  | PATRQT | self registered-at-insurer | read condition | deny wrong_organization
ingest@hospital  | TREAT | treating | read vitals | deny wrong_purpose
api@hospital     | TREAT | treating | read vitals | deny wrong_purpose
# Patients: everything of their own but psychotherapy notes; their rights; where registered.
patient@hospital | PATRQT | self | read basics,encounter,condition,allergy,medication,procedure,immunization,result,report,order,document,note,vitals,device,other | permit own_record
patient@hospital | PATRQT | self | read condition+HIV,result+STD,note+PSY,document+V | permit own_record
patient@hospital | PATRQT | self | share,represent,account,correct,export,erase basics,condition | permit own_right
patient@hospital | PATRQT | self | create,amend,delete,prescribe,register condition,medication | deny not_permitted
patient@hospital | PATRQT | stranger | read,share,account,correct condition | deny not_permitted
patient@clinic   | PATRQT | self | read,share,correct condition | deny not_registered_here
patient@clinic   | PATRQT | self registered-at-clinic | read,share condition | permit
patient@hospital | TREAT | self | read condition | deny wrong_purpose
patient@hospital | PATRQT | self hides-all | read condition | permit own_record
# Hidden by the patient: by class, by label, from one person, from everybody; care still documents.
doctor@hospital  | TREAT | treating hides-all | read,amend,delete condition | deny consent_deny
doctor@hospital  | TREAT | treating hides-all | create condition | permit treating
doctor@hospital  | TREAT | treating hides-all | register basics | permit registration
doctor@hospital  | TREAT | treating hides-hiv | read condition+HIV | deny consent_deny
doctor@hospital  | TREAT | treating hides-hiv | read condition,condition+SUD | permit treating
doctor@hospital  | TREAT | treating hides-from-doctor | read condition | deny consent_deny
nurse@hospital   | TREAT | treating hides-from-doctor | read condition | permit treating
doctor@hospital  | TREAT | treating hides-notes-from-hospital | read note | deny consent_deny
doctor@hospital  | TREAT | treating hides-notes-from-hospital | read condition | permit treating
doctor@clinic    | TREAT | treating-at-clinic hides-notes-from-hospital | read note | permit treating
doctor@hospital  | TREAT | treating hid-all-before | read condition | permit treating
doctor@hospital  | TREAT | treating grants-doctor hides-all | read condition | deny consent_deny
# A clinician whom the patient names reads what is shared, and no more.
doctor@hospital  | TREAT | grants-doctor | read condition,result | permit consent_permit
doctor@hospital  | TREAT | grants-doctor | read condition+HIV,note | deny not_permitted
doctor@hospital  | TREAT | grants-doctor | create,amend condition | deny not_permitted
doctor@hospital  | TREAT | grants-hospital | read condition | deny not_permitted
nurse@hospital   | TREAT | grants-doctor | read condition | deny not_permitted
# Labels that bind further: very restricted, restricted.
doctor@hospital  | TREAT | treating | read condition+V,condition+R | permit treating
nurse@hospital   | TREAT | treating | read condition+V | deny very_restricted
nurse@hospital   | TREAT | treating | read condition+R | permit treating
representative@hospital | PWATRNY | proxy | read condition+V | deny very_restricted
emergency-medic@hospital | BTG | broken-glass | read condition+V | deny very_restricted
insurance-agent@insurer | HPAYMT | shared | read condition+V | deny very_restricted
# Psychotherapy notes: their authors' group of treating doctors alone.
doctor@hospital  | TREAT | treating author | read,create,amend,delete psychotherapy-note | permit treating
doctor@hospital  | TREAT | treating author | read document+PSYTHPN | permit treating
doctor@hospital  | TREAT | treating | read,create psychotherapy-note | deny psychotherapy_note
doctor@hospital  | TREAT | treating | read document+PSYTHPN | deny psychotherapy_note
doctor@hospital  | TREAT | author | read psychotherapy-note | deny psychotherapy_note
nurse@hospital   | TREAT | treating author | read psychotherapy-note | deny psychotherapy_note
patient@hospital | PATRQT | self | read psychotherapy-note,document+PSYTHPN | deny psychotherapy_note
patient@hospital | PATRQT | self | share,export,correct psychotherapy-note | deny psychotherapy_note
insurance-agent@insurer | HPAYMT | shared-notes | read psychotherapy-note | deny psychotherapy_note
representative@hospital | PWATRNY | proxy | read psychotherapy-note | deny psychotherapy_note
doctor@hospital  | TREAT | treating author hides-all | read psychotherapy-note | deny consent_deny
# The insurer: read only, only what a live consent covers.
insurance-agent@insurer | HPAYMT | stranger | read condition,vitals,basics | deny not_permitted
insurance-agent@insurer | HPAYMT | shared | read condition,result | permit consent_permit
insurance-agent@insurer | COVAUTH | shared | read condition | deny not_permitted
insurance-agent@insurer | TREAT | shared | read condition | deny wrong_purpose
insurance-agent@insurer | HPAYMT | shared | read note,vitals | deny not_permitted
insurance-agent@insurer | HPAYMT | shared | read condition+HIV,result+SUD | deny not_permitted
insurance-agent@insurer | HPAYMT | shared-with-hiv | read condition+HIV | permit consent_permit
insurance-agent@insurer | HPAYMT | shared-with-hiv | read condition+HIV+SUD | deny not_permitted
insurance-agent@insurer | HPAYMT | shared-all | read condition,note,vitals,basics | permit consent_permit
insurance-agent@insurer | HPAYMT | shared-all | read other | deny not_permitted
insurance-agent@insurer | HPAYMT | shared-other | read other | permit consent_permit
insurance-agent@insurer | HPAYMT | share-expired | read condition | deny not_permitted
insurance-agent@insurer | HPAYMT | share-not-begun | read condition | deny not_permitted
insurance-agent@insurer | HPAYMT | shared hides-all | read condition | deny consent_deny
insurance-agent@insurer | HPAYMT | shared | create,amend,delete,register,share,correct,export condition | deny not_permitted
insurance-agent@insurer | HPAYMT | grants-hospital | read condition | deny not_permitted
insurance-agent@hospital | HPAYMT | grants-hospital | read condition | deny wrong_organization
insurance-agent@insurer | HPAYMT | treating-at-insurer | read condition | deny not_permitted
# Representatives: the patient's rights within scope and period; a minor's at set ages.
representative@hospital | PWATRNY | proxy | read condition,medication | permit representation
representative@hospital | PWATRNY | proxy | share,account,correct,export condition | permit representation
representative@hospital | PWATRNY | proxy-reads-results | read result | permit representation
representative@hospital | PWATRNY | proxy-reads-results | read condition | deny not_permitted
representative@hospital | PWATRNY | proxy-reads-results | share,correct result | deny not_permitted
representative@hospital | PWATRNY | proxy-ended | read,correct condition | deny not_permitted
representative@hospital | PWATRNY | proxy | create,amend,delete,prescribe condition,medication | deny not_permitted
representative@hospital | PWATRNY | stranger | read,share,correct condition | deny not_permitted
representative@hospital | TREAT | proxy | read condition | deny wrong_purpose
representative@hospital | PWATRNY | proxy hides-all | read condition | deny consent_deny
representative@hospital | PWATRNY | guardian aged-11 | read condition,condition+SEX,condition+PSY | permit representation
representative@hospital | PWATRNY | guardian aged-12 | read condition,condition+HIV | permit representation
representative@hospital | PWATRNY | guardian aged-12 | read,correct condition+SEX,result+STD,note+PSY,condition+SUD | deny age
representative@hospital | PWATRNY | guardian aged-15 | share,correct,export condition | permit representation
representative@hospital | PWATRNY | guardian aged-16 | read,share,correct condition | deny age
representative@hospital | PWATRNY | guardian aged-unknown | read condition | deny age
representative@hospital | PWATRNY | guardian aged-16 grants-representative | read condition | permit representation
representative@hospital | PWATRNY | proxy aged-16 | read condition | permit representation
# Emergency: the summary, for a stated reason; an ordinary deny does not block, an opt-out does.
emergency-medic@hospital | BTG | broken-glass | read basics,condition,allergy,medication,procedure,immunization,result,vitals,device | permit emergency
emergency-medic@clinic | ETREAT | broken-glass | read allergy | permit emergency
emergency-medic@hospital | BTG | broken-glass | read encounter,report,order,document,note,other | deny not_permitted
emergency-medic@hospital | BTG | broken-glass | read condition+HIV,condition+PSY | permit emergency
emergency-medic@hospital | BTG | broken-glass | create,amend,delete,prescribe,register,share,correct,export condition,medication | deny not_permitted
emergency-medic@hospital | BTG | stranger | read allergy | deny not_permitted
emergency-medic@hospital | BTG | glass-closed-again | read allergy | deny not_permitted
emergency-medic@hospital | TREAT | broken-glass | read allergy | deny wrong_purpose
emergency-medic@hospital | BTG | broken-glass hides-all | read allergy | permit emergency
emergency-medic@hospital | BTG | broken-glass opted-out | read allergy | deny emergency_opt_out
emergency-medic@insurer | BTG | broken-glass | read allergy | deny wrong_organization
doctor@hospital  | TREAT | broken-glass | read allergy | deny not_permitted
doctor@hospital  | TREAT | treating opted-out | read allergy | permit treating
# A laboratory: its order, and results for it.
laboratory@hospital | TREAT | ordered | read order | permit laboratory_order
laboratory@hospital | TREAT | ordered | create,amend result,report | permit laboratory_order
laboratory@hospital | TREAT | ordered | read result,condition,basics,report | deny not_permitted
laboratory@hospital | TREAT | ordered | create condition,medication,order | deny not_permitted
laboratory@hospital | TREAT | ordered | delete,correct result | deny not_permitted
laboratory@hospital | TREAT | stranger | read order | deny not_permitted
laboratory@hospital | TREAT | stranger | create result | deny not_permitted
laboratory@clinic | TREAT | ordered | read order | deny not_permitted
laboratory@insurer | TREAT | ordered | read order | deny wrong_organization
# Administrators enrol people and answer for the custodian; they never read a record.
administrator@hospital | HOPERAT | stranger | register basics | permit registration
administrator@insurer | HOPERAT | stranger | register basics | deny not_permitted
administrator@hospital | HOPERAT | treating | read,create,amend,delete,share,account,correct,export basics,condition,vitals | deny not_permitted
administrator@hospital | HOPERAT | stranger | erase condition | permit custodian
administrator@hospital | HOPERAT | aged-15 | represent basics | permit custodian
administrator@hospital | HOPERAT | aged-16 | represent basics | deny not_permitted
administrator@hospital | HOPERAT | aged-unknown | represent basics | deny not_permitted
administrator@clinic | HOPERAT | aged-15 | represent basics | deny not_permitted
administrator@clinic | HOPERAT | stranger | erase condition | deny not_permitted
administrator@insurer | HOPERAT | stranger | erase condition | deny not_permitted
# While an erasure is pending, and after it.
doctor@hospital  | TREAT | treating restricted | read,create,amend condition | deny restricted
emergency-medic@hospital | BTG | broken-glass restricted | read allergy | deny restricted
insurance-agent@insurer | HPAYMT | shared restricted | read condition | deny restricted
patient@hospital | PATRQT | self restricted | read,account,export condition | permit
administrator@hospital | HOPERAT | restricted | erase condition | permit custodian
doctor@hospital  | TREAT | treating erased | read,create condition | deny erased
patient@hospital | PATRQT | self erased | read,export,erase condition | deny erased
patient@hospital | PATRQT | self erased | account condition | permit own_right
emergency-medic@hospital | BTG | broken-glass erased | read allergy | deny erased
`;
