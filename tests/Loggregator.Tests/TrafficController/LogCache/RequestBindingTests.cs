using Loggregator.Protocol.LogCache;
using Loggregator.TrafficController.LogCache;
using Loggregator.TrafficController.Streams.Sse;
using Xunit;

namespace Loggregator.Tests.TrafficController.LogCache;

public sealed class RequestBindingTests
{
    [Fact]
    public void Parameters_InEitherSpelling_AreBound()
    {
        var request = new ReadRequest();
        Assert.Null(RequestBinding.Bind(
            new QueryPairs("?start_time=-5&endTime=%2B7&limit=9&descending=t&nameFilter=a%20b&envelope_types=LOG&envelope_types=3&unknown=1&source_id=x"), request));
        Assert.Equal(
            new ReadRequest
            {
                StartTime = -5,
                EndTime = 7,
                Limit = 9,
                Descending = true,
                NameFilter = "a b",
                EnvelopeTypes = { EnvelopeType.Log, EnvelopeType.Gauge },
            },
            request);
    }

    [Theory]
    [InlineData("limit=", """parsing field "limit": strconv.ParseInt: parsing "": invalid syntax""")]
    [InlineData("limit=1.5", """parsing field "limit": strconv.ParseInt: parsing "1.5": invalid syntax""")]
    [InlineData("limit=1_0", """parsing field "limit": strconv.ParseInt: parsing "1_0": invalid syntax""")]
    [InlineData("limit=%201", """parsing field "limit": strconv.ParseInt: parsing " 1": invalid syntax""")]
    [InlineData("startTime=9223372036854775808", """parsing field "start_time": strconv.ParseInt: parsing "9223372036854775808": value out of range""")]
    [InlineData("limit=%22%0a%01", """parsing field "limit": strconv.ParseInt: parsing "\"\n\x01": invalid syntax""")]
    [InlineData("limit=1&limit=2", """too many values for field "limit": 1, 2""")]
    [InlineData("descending=yes", """parsing field "descending": strconv.ParseBool: parsing "yes": invalid syntax""")]
    [InlineData("envelope_types=log", """parsing list "envelope_types": "log" is not a valid value""")]
    [InlineData("envelope_types=LOG,GAUGE", """parsing list "envelope_types": "LOG,GAUGE" is not a valid value""")]
    [InlineData("envelopeTypes=6", """parsing list "envelope_types": "6" is not a valid value""")]
    [InlineData("limit.x=6", """invalid path: "limit" is not a message""")]
    [InlineData("limit=%zz", """invalid URL escape "%zz""")]
    [InlineData("limit=%4", """invalid URL escape "%4""")]
    [InlineData("limit=1;x=2", "invalid semicolon separator in query")]
    public void Parameters_ThatAreWrong_AreNamedInTheOriginalsWords(string query, string message)
    {
        var fault = RequestBinding.Bind(new QueryPairs(query), new ReadRequest());
        Assert.Equal(Grpc.Core.StatusCode.InvalidArgument, fault!.Code);
        Assert.Equal(message + (message.Contains("escape", StringComparison.Ordinal) ? "\"" : ""), fault.Message);
    }

    [Fact]
    public void Defaults_AreAllButTheFutureAndAHundred()
    {
        Assert.Null(TimeQuery.TryRead(new ReadRequest { SourceId = "a" }, now: 77, out var order));
        Assert.Equal((0L, 77L, 100U, false), (order.StartTime, order.EndTime, order.Limit, order.Descending));
        Assert.Empty(order.Types_);
    }
}
