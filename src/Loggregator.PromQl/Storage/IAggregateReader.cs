using Loggregator.PromQl.Evaluation.PushDown;

namespace Loggregator.PromQl.Storage;

/// <summary>A store whose parts can aggregate by themselves, so that of many series only their groups come to the query.</summary>
public interface IAggregateReader : ISeriesReader
{
    /// <summary>Lets the parts aggregate. Null if they do not: then the query selects the series and aggregates them itself.</summary>
    /// <param name="request">What to aggregate, see <see cref="PartialAggregation"/>.</param>
    /// <param name="selection">The series that it needs; those which no part accounts for are to be selected by this.</param>
    /// <param name="cancel">Ends it.</param>
    ValueTask<AggregatedSeries?> AggregateAsync(AggregateRequest request, SeriesSelection selection, CancellationToken cancel);
}
