// Which peers there are. CMake defines the version of each one that it found, as PEER_...
#include "peers/actors.hpp"
#include "peers/peer.hpp"

#include <boost/version.hpp>

namespace bench {

std::unique_ptr<Peer> make_std_async();
std::unique_ptr<Peer> make_asio_packaged_task();
std::unique_ptr<Peer> make_asio_use_future();
std::unique_ptr<Peer> make_onetbb();
std::unique_ptr<Peer> make_caf();

std::vector<PeerEntry> all_peers() {
    const std::string boost = " (Boost " BOOST_LIB_VERSION ")";
    std::vector<PeerEntry> peers{
        {"asio::thread_pool(1) + packaged_task" + boost, make_asio_packaged_task, true},
        {"asio::thread_pool(1) + use_future" + boost, make_asio_use_future, false},
        {"std::async (libstdc++ " + std::to_string(_GLIBCXX_RELEASE) + ")", make_std_async, false,
         PeerEntry::Threads::one_a_call},
    };
#ifdef PEER_CAF
    peers.push_back({"CAF " PEER_CAF " request + receive", make_caf, true});
#else
    peers.push_back({"CAF (libcaf-dev)", nullptr, false});
#endif
#ifdef PEER_ONETBB
    peers.push_back({"oneTBB " PEER_ONETBB " task_arena::enqueue", make_onetbb, false});
#else
    peers.push_back({"oneTBB (libtbb-dev)", nullptr, false});
#endif
    return peers;
}

#ifndef PEER_CAF
std::unique_ptr<Actors> make_caf_actors(int) { return nullptr; }
#endif

}  // namespace bench
