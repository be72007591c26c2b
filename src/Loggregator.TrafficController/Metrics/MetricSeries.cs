using Loggregator.PromQl.Storage;
using Loggregator.Protocol.Internal;

namespace Loggregator.TrafficController.Metrics;

/// <summary>A series as Dopplers hold it together.</summary>
/// <param name="Labels">With <c>__name__</c>, <c>source_id</c>, <c>instance_id</c> and the tags, under names that Prometheus takes.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Unit">As it was sent; may be empty.</param>
/// <param name="Derived">Dopplers counted it.</param>
/// <param name="Samples">Ascending, in milliseconds; none where labels alone were asked for.</param>
internal sealed record MetricSeries(Labels Labels, SeriesSamples.Types.Kind Kind, string Unit, bool Derived, ReadOnlyMemory<Sample> Samples);
