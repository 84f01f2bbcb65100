"""Everything that a client can get wrong, as values.

A problem holds data only; words, category and status are in `wire/record_words.py`, those of values
in `wire/value_words.py`, one row each.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Base of all refusals."""


# --- a property value -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ValueProblem(Problem):
    """One bad property of one input.

    name: the property as sent. value: its text as sent, None where the answer carries none.
    """

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class UnknownProperty(ValueProblem):
    """The object type has no active property of that name."""


@dataclass(frozen=True, slots=True)
class ReadOnlyProperty(ValueProblem):
    """HubSpot sets the property itself."""


@dataclass(frozen=True, slots=True)
class CalculatedProperty(ValueProblem):
    """The property is computed from others."""


@dataclass(frozen=True, slots=True)
class InvalidOption(ValueProblem):
    """`part` is none of the allowed option values."""

    part: str
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvalidStage(ValueProblem):
    """The stage is in none of the pipelines; each is (pipeline id, stage ids).

    They are those of the type, or the one that was given with the stage.
    """

    pipelines: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class InvalidPipeline(ValueProblem):
    """The pipeline is none of the type's."""

    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvalidOwner(ValueProblem):
    """No owner of the portal has that id."""


@dataclass(frozen=True, slots=True)
class InvalidNumber(ValueProblem):
    """Not a plain decimal number."""


@dataclass(frozen=True, slots=True)
class InvalidLong(ValueProblem):
    """Neither a date nor milliseconds."""


@dataclass(frozen=True, slots=True)
class DateNotMidnight(ValueProblem):
    """Milliseconds that are not a UTC midnight; `at_ms` is that moment."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class DateWithTime(ValueProblem):
    """An ISO date-time where a date is due."""


@dataclass(frozen=True, slots=True)
class DateOutOfRange(ValueProblem):
    """More than 1,000 years away; `at_ms` is that moment."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class TextTooLong(ValueProblem):
    """More characters than a text may have."""

    characters_max: int


@dataclass(frozen=True, slots=True)
class RuleBroken(ValueProblem):
    """The value does not satisfy a validation rule of the portal; arguments: those of the rule."""

    rule_type: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvalidEmail(ValueProblem):
    """Not an e-mail address, or one below a top-level domain that does not exist."""


@dataclass(frozen=True, slots=True)
class InvalidDomain(ValueProblem):
    """Not a domain name."""


@dataclass(frozen=True, slots=True)
class ContainsUrl(ValueProblem):
    """A URL where a person's name is due."""


# --- a whole call or one input of a batch ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class InvalidValues(Problem):
    """Property problems of one input or of a whole batch, in input order, then property order."""

    problems: tuple[ValueProblem, ...]


@dataclass(frozen=True, slots=True)
class TooManyInputs(Problem):
    """More inputs than a batch may have."""

    inputs_max: int


@dataclass(frozen=True, slots=True)
class TooManyInputsWithHistory(Problem):
    """More inputs than a batch that asks for history may have."""

    inputs_max: int


@dataclass(frozen=True, slots=True)
class TooManyPerPage(Problem):
    """A list asked for more records than a page may have; `limit` as sent."""

    limit: str
    limit_max: int
    with_history: bool


@dataclass(frozen=True, slots=True)
class InvalidParameter(Problem):
    """A query parameter has a value that it does not take: a `limit` that is no number."""

    parameter: str
    value: str


@dataclass(frozen=True, slots=True)
class DuplicateIds(Problem):
    """The same id twice in one batch; each repeated id once, in order of appearance."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotAUniqueProperty(Problem):
    """`idProperty` names a property that cannot identify a record."""

    object_type_id: str
    name: str


@dataclass(frozen=True, slots=True)
class UnknownUniqueValues(Problem):
    """Unique values that belong to no record, each as (property name, value)."""

    object_type_id: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MissingRecords(Problem):
    """Ids that name no active record; `trace_id` where the answer is for that one input."""

    ids: tuple[str, ...]
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class UniqueValueTaken(Problem):
    """Another record has that value; ids are decimal texts."""

    object_type_id: str
    name: str
    value: str
    record_id: str
    owner_id: str


@dataclass(frozen=True, slots=True)
class UniqueValueLocked(Problem):
    """Another request held the unique value for too long."""

    object_type_id: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class RecordsLocked(Problem):
    """The writer's turn did not come in time and no unique value is at stake."""


@dataclass(frozen=True, slots=True)
class NoPropertiesGiven(Problem):
    """An update of one record without a property."""


@dataclass(frozen=True, slots=True)
class RequiredPropertiesMissing(Problem):
    """A create without the type's required properties.

    custom_name: the name of a custom object type, None for one of HubSpot's own.
    """

    names: tuple[str, ...]
    custom_name: str | None = None


@dataclass(frozen=True, slots=True)
class RequiredByAdmins(Problem):
    """Properties without the value that rules of the portal's admins require.

    on_create: names that a create has to set. conditional: (name, names of the properties whose
    values make it required).
    """

    on_create: tuple[str, ...]
    conditional: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class RecordExists(Problem):
    """A create gives a value that already identifies another record; its id is decimal text."""

    existing_id: str


@dataclass(frozen=True, slots=True)
class RecordNotFound(Problem):
    """No such record on a single-record route."""


@dataclass(frozen=True, slots=True)
class NonNumericId(Problem):
    """The path id is not made of digits and no `idProperty` was given."""

    id: str


# --- merges ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MergeWithItself(Problem):
    """Both ids of a merge are the same."""


@dataclass(frozen=True, slots=True)
class NotMergeable(Problem):
    """An id of a merge names no active record; `field` as the body names it."""

    field: str
    id: str


# --- associations ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AssociationTypesUnknown(Problem):
    """No association types with these categories and ids."""

    types: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AssociationTargetsInvalid(Problem):
    """Records that are not there, each as (upper-case name of the object type, id as sent)."""

    targets: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WrongAssociationDirection(Problem):
    """The type, as (category, id), leads from records of another object type."""

    from_object_type_id: str
    expected_object_type_id: str
    type: tuple[str, int]


@dataclass(frozen=True, slots=True)
class ManyForOneToOne(Problem):
    """Several records for a type, (category, id), of which a record can have one."""

    to_ids: tuple[str, ...]
    type: tuple[str, int]
