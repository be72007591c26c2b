using System.Globalization;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Evaluation;

/// <summary>The remarks of one evaluation, each once and a bounded number of them.</summary>
internal sealed class Annotations(string query)
{
    private const int Max = 1000;

    private readonly HashSet<Annotation> _seen = [];

    public List<Annotation> All { get; } = [];

    public void AddFromStore(string text) => Add(new Annotation(true, text));

    public void BadQuantile(double q, Expr place) =>
        Warn($"quantile value should be between 0 and 1, got {Brief(q)}", place);

    public void BadRatio(double ratio, double capped, Expr place) =>
        Warn($"ratio value should be between -1 and 1, got {Brief(ratio)}, capping to {Brief(capped)}", place);

    public void BadBucketBound(string metric, string bound, Expr place) =>
        Warn($"bucket label \"le\" is missing or has a malformed value of {GoText.Quote(bound)} for metric name {GoText.Quote(metric)}", place);

    public void MaybeNoCounter(string metric, Expr place) =>
        Inform($"metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {GoText.Quote(metric)}", place);

    public void ForcedMonotonicity(string metric, Expr place) => Inform(
        "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name "
        + GoText.Quote(metric), place);

    /// <summary>Adds what was remarked elsewhere.</summary>
    public void AddAll(IEnumerable<Annotation> others)
    {
        foreach (var annotation in others)
        {
            Add(annotation);
        }
    }

    private static string Brief(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : GoText.Number(value);

    private void Warn(string text, Expr place) => Add(new Annotation(true, $"PromQL warning: {text} ({place.Range.Locate(query)})"));

    private void Inform(string text, Expr place) => Add(new Annotation(false, $"PromQL info: {text} ({place.Range.Locate(query)})"));

    private void Add(Annotation annotation)
    {
        if (_seen.Count < Max && _seen.Add(annotation))
        {
            All.Add(annotation);
        }
    }
}
