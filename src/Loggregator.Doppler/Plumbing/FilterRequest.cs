using Loggregator.Protocol.Plumbing;
using Loggregator.Protocol.V1;

namespace Loggregator.Doppler.Plumbing;

/// <summary>Filters of requests made ones that match.</summary>
internal static class FilterRequest
{
    public static DropsondeFilter Compile(this Filter filter) => new(filter.AppID, filter.MessageCase switch
    {
        Filter.MessageOneofCase.Log => DropsondeKind.Logs,
        Filter.MessageOneofCase.Metric => DropsondeKind.Metrics,
        _ => DropsondeKind.Any,
    });
}
