import { asArray, asRecord, asString, asStringMap } from '../../kube/read.ts';

/**
 * Whether labels match a Kubernetes LabelSelector (`matchLabels` and `matchExpressions`, joined by AND). An empty one
 * matches everything; one with an operator that is not known matches nothing.
 */
export function matchesSelector(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels, matchExpressions } = asRecord(selector);
  const hasLabels = Object.entries(asStringMap(matchLabels)).every(([key, value]) => labels[key] === value);
  return (
    hasLabels &&
    asArray(matchExpressions)
      .map(asRecord)
      .every((one) => matchesExpression(one, labels))
  );
}

function matchesExpression(
  expression: Readonly<Record<string, unknown>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[asString(expression.key)];
  const values = asArray(expression.values);
  switch (expression.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
