using System.Globalization;
using System.Text.RegularExpressions;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>The order of an instant query's result. Over several steps there is none, so nothing is sorted.</summary>
internal static partial class Sorting
{
    public static StepMatrix Sort(Call call, StepMatrix vector)
    {
        if (vector.Steps != 1)
        {
            return vector;
        }

        var descending = call.Function.Name.EndsWith("_desc", StringComparison.Ordinal);
        var labels = Enumerable.Range(1, call.Arguments.Count - 1).Select(i => LabelFunctions.Text(call, i)).ToList();
        Comparison<int> compare = call.Function.Name.StartsWith("sort_by_label", StringComparison.Ordinal)
            ? (left, right) => ByLabels(vector.Labels(left), vector.Labels(right), labels) * (descending ? -1 : 1)
            : (left, right) => ByValue(vector[left][0], vector[right][0], descending);
        return vector.Pick(Enumerable.Range(0, vector.Count).Order(Comparer<int>.Create(compare)).ToList());
    }

    /// <summary>Compares values so that NaN comes last either way.</summary>
    public static int ByValue(double left, double right, bool descending) =>
        double.IsNaN(left) || double.IsNaN(right) ? double.IsNaN(left).CompareTo(double.IsNaN(right))
        : descending ? right.CompareTo(left) : left.CompareTo(right);

    private static int ByLabels(Labels left, Labels right, List<string> labels)
    {
        foreach (var label in labels)
        {
            var order = Natural(left[label], right[label]);
            if (order != 0)
            {
                return order;
            }
        }

        return Labels.Compare(left, right);
    }

    /// <summary>Compares texts with the numbers in them as numbers.</summary>
    private static int Natural(string left, string right)
    {
        var (lefts, rights) = (Chunk().Matches(left), Chunk().Matches(right));
        for (var i = 0; i < lefts.Count && i < rights.Count; i++)
        {
            var (a, b) = (lefts[i].Value, rights[i].Value);
            var order = long.TryParse(a, NumberStyles.None, CultureInfo.InvariantCulture, out var x) && long.TryParse(b, NumberStyles.None, CultureInfo.InvariantCulture, out var y)
                ? x.CompareTo(y) : string.CompareOrdinal(a, b);
            if (order != 0)
            {
                return order;
            }
        }

        return lefts.Count - rights.Count;
    }

    [GeneratedRegex("[0-9]+|[^0-9]+")]
    private static partial Regex Chunk();
}
