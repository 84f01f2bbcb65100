"""Explanations of logged requests as JSON, for the control plane and the command line."""

from moyeu.crm.values.moment import render_ms
from moyeu.operations.explaining import Explanation, Reason
from moyeu.wire.bodies import Json


def explanation_body(found: Explanation) -> Json:
    """The explanation as JSON, keys as of the API."""
    request = found.request
    return {
        "correlationId": request.correlation_id,
        "portalId": request.portal_id,
        "at": render_ms(request.at_ms),
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "version": request.version,
        "operation": request.operation,
        "objectTypeId": request.object_type_id,
        "status": request.status,
        "durationUs": request.duration_us,
        "stagesUs": dict(request.stages),
        "statements": request.statements,
        "inputsOk": request.inputs_ok,
        "inputsFailed": request.inputs_failed,
        "reasons": [_reason_body(each) for each in found.reasons],
        "inputs": [
            {
                "index": each.place,
                "keys": list(each.keys),
                "reasons": [_reason_body(reason) for reason in each.reasons],
            }
            for each in found.inputs
        ],
        "changes": [
            {
                "recordId": str(each.record_id),
                "write": each.number,
                "values": {
                    value.name: {"before": value.before, "after": value.after}
                    for value in each.values
                },
            }
            for each in found.changes
        ],
    }


def _reason_body(reason: Reason) -> Json:
    rule = reason.rule
    return {
        "rule": rule.rule,
        "property": reason.property,
        "sentence": rule.sentence,
        "evidence": rule.evidence,
        "source": rule.source,
        "cases": list(rule.cases),
    }
