using System.Globalization;
using Grpc.Core;
using Loggregator.Protocol.Internal;
using Loggregator.Protocol.LogCache;
using Loggregator.Protocol.Selectors;
using ReadRequest = Loggregator.Protocol.LogCache.ReadRequest;

namespace Loggregator.TrafficController.LogCache;

/// <summary>Turns a log-cache read into what Dopplers are asked, with log-cache's defaults, limits and words.</summary>
internal static class TimeQuery
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    /// <summary>Checks a request, in the original's order.</summary>
    /// <param name="request">As it came.</param>
    /// <param name="now">Stands for an end that is not given, UNIX nanoseconds.</param>
    /// <param name="order">What to ask.</param>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public static ReadFault? TryRead(ReadRequest request, long now, out TimeOrder order)
    {
        order = new TimeOrder
        {
            SourceId = request.SourceId,
            StartTime = request.StartTime,
            EndTime = request.EndTime == 0 ? now : request.EndTime,
            Limit = (uint)(request.Limit == 0 ? DefaultLimit : Math.Clamp(request.Limit, 1, MaxLimit)),
            Descending = request.Descending,
            NameFilter = request.NameFilter,
        };
        foreach (var type in request.EnvelopeTypes)
        {
            if (type is < EnvelopeType.Any or > EnvelopeType.Event)
            {
                return new ReadFault(StatusCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture, $"envelope type ({(int)type}) does not exist"));
            }

            if (type != EnvelopeType.Any)
            {
                order.Types_.Add((uint)type);
            }
        }

        if (request.EndTime != 0 && request.StartTime > request.EndTime)
        {
            return Plain($"StartTime ({request.StartTime}) must be before EndTime ({request.EndTime})");
        }

        if (request.Limit > MaxLimit)
        {
            return Plain($"limit ({request.Limit}) must be {MaxLimit} or less");
        }

        if (request.Limit < 0)
        {
            return Plain($"limit ({request.Limit}) must be greater than zero");
        }

        return request.NameFilter.Length > 0 && NameFilter.TryCreate(request.NameFilter, out var error) is null
            ? new ReadFault(StatusCode.Unknown, "name filter must be a valid regular expression: " + error)
            : null;
    }

    private static ReadFault Plain(FormattableString message) => new(StatusCode.Unknown, message.ToString(CultureInfo.InvariantCulture));
}
